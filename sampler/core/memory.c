#include "sampler/core/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sampler/core/descriptor.h"

static bool is_ours(int fd, const struct vmps_memory_file *file)
{
    struct stat now;
    return fd >= 0 && fstat(fd, &now) == 0 && now.st_dev == file->device &&
           now.st_ino == file->inode;
}

static int open_statm(struct vmps_memory *memory, struct vmps_memory_file *file)
{
    struct stat now;
    int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &now) != 0) {
        int failed = errno;
        if (fd >= 0) {
            close(fd);
        }
        return failed;
    }
    *file = (struct vmps_memory_file){now.st_dev, now.st_ino};
    atomic_store(&memory->fd, vmps_descriptor_move_up(fd));
    return 0;
}

int vmps_memory_open(struct vmps_memory *memory, struct vmps_memory_file *file)
{
    int failed = open_statm(memory, file);
    if (failed != 0) {
        return failed;
    }
    memory->page_bytes = (uint64_t)sysconf(_SC_PAGESIZE);
    memory->is_on = true;
    (void)vmps_memory_bytes(memory, 0); /* no sample is without one */
    if (atomic_load(&memory->bytes) != 0) {
        return 0;
    }
    vmps_memory_close(memory, file);
    return ENODATA;
}

void vmps_memory_tend(struct vmps_memory *memory, struct vmps_memory_file *file)
{
    if (memory->is_on && !is_ours(atomic_load(&memory->fd), file)) {
        atomic_store(&memory->fd, -1);
        (void)open_statm(memory, file);
    }
}

void vmps_memory_close(struct vmps_memory *memory, const struct vmps_memory_file *file)
{
    int fd = atomic_load(&memory->fd);
    if (memory->is_on && is_ours(fd, file)) {
        close(fd);
    }
    memory->is_on = false;
    atomic_store(&memory->fd, -1);
}
