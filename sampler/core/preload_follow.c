#include "sampler/core/preload_follow.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pty.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "sampler/core/descriptor.h"
#include "sampler/core/session.h"

#define MODE 0666

static struct {
    bool is_on;
    bool through_fork; /* the VM lets a recording begin in a process that was forked */
    char folder[PATH_MAX];
    struct vmps_options options; /* fd: the file of this process; -1: there is none */
} follow = {.options = {.fd = -1}};

/* A new file. Its name sorts by the time of the start, and says which process it is of. */
static int open_part(void)
{
    char path[PATH_MAX + 64];
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    snprintf(path, sizeof path, "%s/%010lld%09ld.%ld", follow.folder, (long long)now.tv_sec,
             now.tv_nsec, (long)getpid());
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, MODE);
    if (fd < 0) {
        return -1;
    }
    return vmps_descriptor_move_up(fd);
}

/* Until the recording is closed, or the process has ended: vmprof-record asks whether it is. After the start, since
 * who closes any descriptor of the file gives the lock away. */
static void lock_part(void)
{
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    (void)fcntl(follow.options.fd, F_SETLK, &whole);
}

static bool begin(void)
{
    struct vmps_error err;
    follow.options.fd = open_part();
    if (follow.options.fd < 0) {
        if (errno != ENOENT) {
            char reason[128];
            dprintf(STDERR_FILENO, "vmprof: process %ld is not profiled: %s: %s\n", (long)getpid(),
                    follow.folder, strerror_r(errno, reason, sizeof reason));
        }
        return false;
    }
    if (vmps_start(&follow.options, &err) == VMPS_OK) {
        lock_part();
        return true;
    }
    dprintf(STDERR_FILENO, "vmprof: process %ld is not profiled: %s\n", (long)getpid(),
            err.message);
    close(follow.options.fd);
    follow.options.fd = -1;
    return false;
}

bool vmps_follow_begin(const char *folder, const struct vmps_options *options)
{
    size_t size = strlen(folder) + 1;
    if (size > sizeof follow.folder) {
        return false;
    }
    memcpy(follow.folder, folder, size);
    follow.options = *options;
    if (!begin()) {
        return false;
    }
    follow.is_on = true;
    follow.through_fork = vmps_owner_state.session->vm.ops->starts_in_forked;
    return true;
}

/* ---- fork ------------------------------------------------------------------------------------- */

/* In the child, when all that is to be done at a fork was done: the handlers of pthread_atfork() come in an order in which
 * malloc() of another library may not work yet. The parent's file is not ours. */
static void in_child(void)
{
    if (!follow.is_on) {
        return;
    }
    if (follow.options.fd >= 0) {
        close(follow.options.fd);
        follow.options.fd = -1;
    }
    if (follow.through_fork) {
        (void)begin();
    }
}

static void *next_function(const char *name)
{
    return dlsym(RTLD_NEXT, name);
}

/* POSIX wants the conversion of what dlsym() gives to work, ISO C does not know it. */
VMPS_API pid_t fork(void)
{
    static _Atomic(void *) found;
    union {
        void *object;
        pid_t (*function)(void);
    } next = {.object = atomic_load(&found)};
    if (next.object == NULL) {
        next.object = next_function("fork");
        atomic_store(&found, next.object);
    }
    if (next.object == NULL) {
        errno = ENOSYS;
        return -1;
    }
    pid_t pid = next.function();
    if (pid == 0) {
        int saved_errno = errno;
        in_child();
        errno = saved_errno;
    }
    return pid;
}

/* It does not call the fork() above. */
/* NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name): the system's names are reserved */
VMPS_API int forkpty(int *terminal, char *name, const struct termios *settings,
                     const struct winsize *size)
{
    union {
        void *object;
        int (*function)(int *, char *, const struct termios *, const struct winsize *);
    } next = {.object = next_function("forkpty")};
    if (next.object == NULL) {
        errno = ENOSYS;
        return -1;
    }
    int pid = next.function(terminal, name, settings, size);
    if (pid == 0) {
        int saved_errno = errno;
        in_child();
        errno = saved_errno;
    }
    return pid;
}
