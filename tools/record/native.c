#include "tools/record/native.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tools/common/diag.h"
#include "tools/common/options.h"

#define SYMBOLIZER "vmprof-symbolize"
/* VMPS_NATIVE_* of <vmprof/vmps.h>, which tools do not include. */
enum mode { MODE_NONE = 0, MODE_FOLDED = 1, MODE_RAW = 2 };

void record_native_open(struct record_native *native)
{
    FILE *file = tmpfile();
    native->spare_fd = file != NULL ? dup(fileno(file)) : -1;
    if (file != NULL) {
        (void)fclose(file);
    }
    if (native->spare_fd >= 0) {
        native->spare_fd = record_move_fd_up(native->spare_fd);
    }
}

int record_native_order(const struct record_native *native)
{
    char text[96];
    int mode = native->is_raw ? MODE_RAW : native->is_asked ? MODE_FOLDED : MODE_NONE;

    snprintf(text, sizeof(text), "mode=%d,fd=%d,pid=%d", mode, native->spare_fd, (int)getpid());
    return setenv("VMPROF_NATIVE", text, 1);
}

static bool copy(int from, int to)
{
    char piece[65536];
    off_t at = 0;
    ssize_t count;

    while ((count = pread(from, piece, sizeof(piece), at)) > 0) {
        for (ssize_t done = 0; done < count;) {
            ssize_t written = write(to, piece + done, (size_t)(count - done));
            if (written < 0 && errno != EINTR) {
                return false;
            }
            done += written > 0 ? written : 0;
        }
        at += count;
    }
    return count == 0 && at > 0;
}

bool record_native_take(const struct record_native *native, const struct record_output *output)
{
    if (native->spare_fd < 0 || (output->is_regular && !record_output_is_untouched(output))) {
        return false;
    }
    return copy(native->spare_fd, output->fd);
}

/* The symbolizer stands beside this program. */
static bool find_symbolizer(char *path, size_t size_bytes)
{
    ssize_t length = readlink("/proc/self/exe", path, size_bytes - 1);

    while (length > 0 && path[length - 1] != '/') {
        length--;
    }
    if (length <= 0 || (size_t)length + sizeof(SYMBOLIZER) > size_bytes) {
        return false;
    }
    memcpy(path + length, SYMBOLIZER, sizeof(SYMBOLIZER));
    return access(path, X_OK) == 0;
}

/* What it says of each file is not of interest here. */
static _Noreturn void run_symbolizer(const char *symbolizer, const char *path)
{
    char in_place[] = "--in-place", separator[] = "--", name[] = SYMBOLIZER;
    char *file = strdup(path);
    char *argv[] = {name, in_place, separator, file, NULL};
    int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);

    if (file != NULL && nowhere >= 0 && dup2(nowhere, STDERR_FILENO) >= 0) {
        execv(symbolizer, argv);
    }
    _exit(VMPT_EXIT_FAILED);
}

void record_native_name(const char *path, const char *shown)
{
    char symbolizer[PATH_MAX];
    int status = -1;
    pid_t pid = find_symbolizer(symbolizer, sizeof(symbolizer)) ? fork() : -1;

    if (pid == 0) {
        run_symbolizer(symbolizer, path);
    }
    while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    if (pid < 0 || !WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        vmpt_say("vmprof-record",
                 "native frames have addresses, but no names yet; to name them: vmprof-symbolize "
                 "--in-place %s",
                 shown);
    }
}
