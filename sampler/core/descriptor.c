#include "sampler/core/descriptor.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <sys/syscall.h>
#include <unistd.h>

#define LOWEST 200

int vmps_descriptor_move_up(int fd)
{
    int high = fcntl(fd, F_DUPFD_CLOEXEC, LOWEST);
    if (high < 0) {
        fcntl(fd, F_SETFD, FD_CLOEXEC);
        return fd;
    }
    close(fd);
    return high;
}

/* Close all of them: a program whose output is read through a pipe, and who closes it, would else
 * leave its reader waiting for us. */
void vmps_descriptor_leave(void)
{
    syscall(SYS_close_range, 0u, ~0u, CLOSE_RANGE_UNSHARE);
}
