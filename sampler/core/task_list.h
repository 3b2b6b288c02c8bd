/* task_list.h: the threads of this process, as the kernel lists them. */
#ifndef VMPROF_SAMPLER_CORE_TASK_LIST_H
#define VMPROF_SAMPLER_CORE_TASK_LIST_H

#include <stddef.h>
#include <sys/stat.h>
#include <sys/types.h>

#define VMPS_TASK_NAME_BYTES 64

/* The folder is kept open, out of the way of the program's own descriptors: opening it each time
 * would for a moment take the lowest free number, which a program may count on to be its own. */
struct vmps_task_list {
    int fd; /* -1: not open */
    dev_t device;
    ino_t inode;
    pid_t *ids;
    size_t count, capacity;
};

void vmps_task_list_init(struct vmps_task_list *list);
void vmps_task_list_fini(struct vmps_task_list *list);

/* vmps_task_list_read() fills ids and count, in the kernel's order, which is that of creation. 0 or an
 * errno; then the list is as it was. */
int vmps_task_list_read(struct vmps_task_list *list);

/* vmps_task_name() reads a thread's name. 0 or an errno. */
int vmps_task_name(pid_t thread_id, char name[VMPS_TASK_NAME_BYTES]);

#endif
