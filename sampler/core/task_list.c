#include "sampler/core/task_list.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sampler/core/descriptor.h"

#define BUFFER_BYTES 8192

/* What getdents64 gives (its manual page). */
struct entry {
    uint64_t inode;
    int64_t offset;
    uint16_t length;
    uint8_t type;
    char name[];
};

void vmps_task_list_init(struct vmps_task_list *list)
{
    memset(list, 0, sizeof *list);
    list->fd = -1;
}

static int is_still_ours(const struct vmps_task_list *list)
{
    struct stat now;
    return list->fd >= 0 && fstat(list->fd, &now) == 0 && now.st_dev == list->device &&
           now.st_ino == list->inode;
}

void vmps_task_list_fini(struct vmps_task_list *list)
{
    /* A program that closes all descriptors, and opens others, has ours for its own. */
    if (is_still_ours(list)) {
        close(list->fd);
    }
    free(list->ids);
    vmps_task_list_init(list);
}

static int ensure_open(struct vmps_task_list *list)
{
    if (is_still_ours(list)) {
        return 0;
    }
    list->fd = -1;
    int fd = open("/proc/self/task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return errno;
    }
    fd = vmps_descriptor_move_up(fd);
    struct stat now;
    if (fstat(fd, &now) != 0) {
        int failed = errno;
        close(fd);
        return failed;
    }
    list->fd = fd;
    list->device = now.st_dev;
    list->inode = now.st_ino;
    return 0;
}

static int append(struct vmps_task_list *list, size_t *count, pid_t id)
{
    if (*count == list->capacity) {
        size_t capacity = list->capacity == 0 ? 64 : 2 * list->capacity;
        pid_t *ids = realloc(list->ids, capacity * sizeof *ids);
        if (ids == NULL) {
            return ENOMEM;
        }
        list->ids = ids;
        list->capacity = capacity;
    }
    list->ids[(*count)++] = id;
    return 0;
}

static int append_entries(struct vmps_task_list *list, size_t *count, const char *buffer,
                          size_t size_bytes)
{
    for (size_t at = 0; at < size_bytes;) {
        const struct entry *entry = (const struct entry *)(const void *)(buffer + at);
        at += entry->length;
        if (entry->name[0] < '1' || entry->name[0] > '9') {
            continue;
        }
        int failed = append(list, count, (pid_t)strtol(entry->name, NULL, 10));
        if (failed != 0) {
            return failed;
        }
    }
    return 0;
}

int vmps_task_list_read(struct vmps_task_list *list)
{
    int failed = ensure_open(list);
    if (failed != 0) {
        return failed;
    }
    if (lseek(list->fd, 0, SEEK_SET) != 0) {
        return errno;
    }
    size_t count = 0;
    _Alignas(struct entry) char buffer[BUFFER_BYTES];
    for (;;) {
        long size = syscall(SYS_getdents64, list->fd, buffer, sizeof buffer);
        if (size < 0) {
            return errno;
        }
        if (size == 0) {
            break;
        }
        failed = append_entries(list, &count, buffer, (size_t)size);
        if (failed != 0) {
            return failed;
        }
    }
    list->count = count;
    return 0;
}

int vmps_task_name(pid_t thread_id, char name[VMPS_TASK_NAME_BYTES])
{
    char path[64];
    snprintf(path, sizeof path, "/proc/self/task/%d/comm", (int)thread_id);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return errno;
    }
    ssize_t size = read(fd, name, VMPS_TASK_NAME_BYTES - 1);
    int failed = size < 0 ? errno : 0;
    close(fd);
    if (failed != 0) {
        return failed;
    }
    name[size] = '\0';
    name[strcspn(name, "\n")] = '\0';
    return 0;
}
