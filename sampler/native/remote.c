#include "sampler/native/remote.h"

#include <fcntl.h>
#include <sys/uio.h>
#include <unistd.h>

/* Where a sandbox has no process_vm_readv(). */
static size_t read_through_file(uint64_t address, void *buffer, size_t size_bytes)
{
    int fd = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
    size_t done = 0;
    while (fd >= 0 && done < size_bytes) {
        ssize_t count =
            pread(fd, (char *)buffer + done, size_bytes - done, (off_t)(address + done));
        if (count <= 0) {
            break;
        }
        done += (size_t)count;
    }
    if (fd >= 0) {
        (void)close(fd);
    }
    return done;
}

size_t vmps_remote_read(uint64_t address, void *buffer, size_t size_bytes)
{
    const struct iovec to = {.iov_base = buffer, .iov_len = size_bytes};
    const struct iovec from = {.iov_base = (void *)address, .iov_len = size_bytes};
    ssize_t count = process_vm_readv(getpid(), &to, 1, &from, 1, 0);
    if (count == (ssize_t)size_bytes) {
        return size_bytes;
    }
    return read_through_file(address, buffer, size_bytes);
}
