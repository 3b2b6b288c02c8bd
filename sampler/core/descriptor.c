#include "sampler/core/descriptor.h"

#include <fcntl.h>
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
