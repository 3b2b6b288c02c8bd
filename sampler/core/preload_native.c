#include "sampler/core/preload_native.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <vmprof/vmps.h>

#include "sampler/core/descriptor.h"

struct order {
    unsigned mode;
    int fd, process_id;
};

static bool read_order(struct order *order)
{
    const char *text = getenv(VMPS_PRELOAD_NATIVE);
    int end = 0;
    return text != NULL &&
           // NOLINTNEXTLINE(cert-err34-c): the text is vmprof-record's, and no number in it is large
           sscanf(text, "mode=%u,fd=%d,pid=%d%n", &order->mode, &order->fd, &order->process_id,
                  &end) == 3 &&
           text[end] == '\0';
}

uint32_t vmps_preload_native_mode(void)
{
    struct order order;
    return read_order(&order) ? order.mode & VMPS_NATIVE_MODE : VMPS_NATIVE_NONE;
}

/* The program may have been another one until it called exec: what that wrote does not count. */
static int open_anew(int fd)
{
    struct stat status;
    if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode) || ftruncate(fd, 0) != 0 ||
        lseek(fd, 0, SEEK_SET) != 0) {
        return -1;
    }
    int own = dup(fd);
    return own >= 0 ? vmps_descriptor_move_up(own) : -1;
}

bool vmps_preload_native_start(uint64_t period_ns)
{
    struct order order;
    if (!read_order(&order) || order.process_id != getpid()) {
        return false;
    }
    uint32_t mode = order.mode & VMPS_NATIVE_MODE;
    const struct vmps_options options = {
        .size = sizeof options,
        .fd = open_anew(order.fd),
        .period_ns = period_ns,
        .native = (mode != VMPS_NATIVE_NONE ? mode : VMPS_NATIVE_FOLDED) | VMPS_NATIVE_ONLY,
    };
    struct vmps_error err;
    if (options.fd < 0) {
        return false;
    }
    if (vmps_start(&options, &err) != VMPS_OK) {
        dprintf(STDERR_FILENO, "vmprof: %s\n", err.message);
        (void)close(options.fd);
        return false;
    }
    return true;
}
