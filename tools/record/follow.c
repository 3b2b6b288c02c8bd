#include "tools/record/follow.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tools/common/diag.h"

#include "tools/record/report.h"

#define TOOL "vmprof-record"
/* A process may begin while others are looked at. */
#define ROUNDS 3
/* What serves the program's processes, such as multiprocessing's own, ends when it sees that they have: for
 * so many times so long it is waited for. */
#define WAITS 50
#define WAIT_NS 20000000

/* One process's profile, or that of one program that it was, by exec. */
struct part {
    char path[PATH_MAX + 256];
    const char *process_id; /* as text, in path */
    bool is_running;
    bool is_empty; /* it has no sample and no end: its process went on as another program at once */
    bool has_end;
};

struct parts {
    struct part *items;
    size_t count;
};

/* ---- the folder ------------------------------------------------------------------------------- */

/* Through a symbolic link the file that it names is meant; the program may go elsewhere. */
static int resolve(char *out, size_t size_bytes, const char *path)
{
    char whole[PATH_MAX], folder[PATH_MAX];
    int size;

    if (realpath(path, whole) != NULL) {
        size = snprintf(out, size_bytes, "%s", whole);
    } else if (path[0] == '/') {
        size = snprintf(out, size_bytes, "%s", path);
    } else if (getcwd(folder, sizeof(folder)) != NULL) {
        size = snprintf(out, size_bytes, "%s/%s", folder, path);
    } else {
        return errno;
    }
    return size > 0 && (size_t)size < size_bytes ? 0 : ENAMETOOLONG;
}

int record_follow_open(struct record_follow *follow, const char *path)
{
    struct stat old;
    int error = resolve(follow->output, sizeof(follow->output), path);

    if (error != 0) {
        return error;
    }
    if (stat(follow->output, &old) == 0 && !S_ISREG(old.st_mode)) {
        return S_ISDIR(old.st_mode) ? EISDIR : ESPIPE;
    }
    snprintf(follow->folder, sizeof(follow->folder), "%s.parts-XXXXXX", follow->output);
    return mkdtemp(follow->folder) != NULL ? 0 : errno;
}

void record_follow_drop(const struct record_follow *follow)
{
    rmdir(follow->folder);
}

/* ---- parts ------------------------------------------------------------------------------------ */

static int is_part(const struct dirent *entry)
{
    return strchr(entry->d_name, '.') != NULL && entry->d_name[0] != '.';
}

/* Its process holds a lock on it until the recording is closed. */
static bool is_being_written(const char *path)
{
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    int fd = open(path, O_RDWR | O_CLOEXEC);
    bool is_locked = fd >= 0 && fcntl(fd, F_GETLK, &whole) == 0 && whole.l_type != F_UNLCK;

    if (fd >= 0) {
        close(fd);
    }
    return is_locked;
}

static void look_into(struct part *part)
{
    bool has_samples = false;

    part->is_running = is_being_written(part->path);
    if (!part->is_running) {
        part->has_end = record_look(part->path, &has_samples);
        part->is_empty = !has_samples && !part->has_end;
    }
}

/* Those that are in the folder now, the first one first. False: they cannot be listed. */
static bool find_parts(const struct record_follow *follow, struct parts *parts)
{
    struct dirent **names;
    int count = scandir(follow->folder, &names, is_part, alphasort);

    parts->count = 0;
    parts->items = count >= 0 ? calloc((size_t)count + 1, sizeof(*parts->items)) : NULL;
    for (int i = 0; i < count; i++) {
        if (parts->items != NULL) {
            struct part *part = &parts->items[parts->count++];
            snprintf(part->path, sizeof(part->path), "%s/%s", follow->folder, names[i]->d_name);
            part->process_id = strrchr(part->path, '.') + 1;
            look_into(part);
        }
        free(names[i]);
    }
    if (count >= 0) {
        free(names);
    }
    return parts->items != NULL;
}

/* ---- putting together --------------------------------------------------------------------------- */

/* vmprof-merge stands beside this program, wherever the tree was moved. */
static bool find_merge(char *path, size_t size_bytes)
{
    static const char name[] = "vmprof-merge";
    ssize_t length = readlink("/proc/self/exe", path, size_bytes - 1);

    while (length > 0 && path[length - 1] != '/') {
        length--;
    }
    if (length <= 0 || (size_t)length + sizeof(name) > size_bytes) {
        return false;
    }
    memcpy(path + length, name, sizeof(name));
    return true;
}

/* What it says of parts whose process was killed is no news. */
static bool run_quietly(char **arguments)
{
    posix_spawn_file_actions_t actions;
    pid_t pid;
    int status = -1;
    bool done = posix_spawn_file_actions_init(&actions) == 0;

    if (!done) {
        return false;
    }
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    if (posix_spawn(&pid, arguments[0], &actions, NULL, arguments, environ) == 0) {
        while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
        }
    }
    posix_spawn_file_actions_destroy(&actions);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* The parts first to end, less those that still run or are empty, into output. */
static bool merge(const char *path, const struct parts *parts, size_t first, size_t end)
{
    char tool[PATH_MAX], output[] = "-o";
    char **arguments = calloc(end - first + 5, sizeof(*arguments));
    size_t at = 0;

    if (arguments == NULL || !find_merge(tool, sizeof(tool))) {
        free(arguments);
        return false;
    }
    arguments[at++] = tool;
    arguments[at++] = output;
    arguments[at++] = (char *)(uintptr_t)path;
    for (size_t i = first; i < end; i++) {
        if (!parts->items[i].is_running && !parts->items[i].is_empty) {
            arguments[at++] = parts->items[i].path;
        }
    }
    bool done = run_quietly(arguments);
    free(arguments);
    return done;
}

/* OUTPUT.PID, or OUTPUT.PID.N where the process was several programs in a row. */
static bool give_name(const struct record_follow *follow, const struct parts *parts, size_t index)
{
    const struct part *part = &parts->items[index];
    char name[PATH_MAX + 256];
    unsigned before = 1;

    for (size_t i = 0; i < index; i++) {
        before +=
            strcmp(parts->items[i].process_id, part->process_id) == 0 && !parts->items[i].is_empty;
    }
    if (before == 1) {
        snprintf(name, sizeof(name), "%s.%s", follow->output, part->process_id);
    } else {
        snprintf(name, sizeof(name), "%s.%s.%u", follow->output, part->process_id, before);
    }
    /* os._exit() leaves no end, and means none the less that all went well. */
    if (!part->is_running && !part->has_end && merge(name, parts, index, index + 1)) {
        unlink(part->path);
        return true;
    }
    if (rename(part->path, name) != 0) {
        vmpt_say(TOOL, "cannot rename %s to %s: %s", part->path, name, strerror(errno));
        return false;
    }
    if (part->is_running) {
        vmpt_say(TOOL, "process %s still runs; its profile is in %s", part->process_id, name);
    }
    return true;
}

/* Those of processes that have ended, into the output. */
static bool put_together(const struct record_follow *follow, const struct parts *parts,
                         size_t count)
{
    if (count > 1) {
        return merge(follow->output, parts, 0, parts->count);
    }
    for (size_t i = 0; i < parts->count; i++) {
        if (!parts->items[i].is_running && !parts->items[i].is_empty) {
            return rename(parts->items[i].path, follow->output) == 0;
        }
    }
    return true;
}

/* ---- the end ---------------------------------------------------------------------------------- */

static bool any_is_running(const struct record_follow *follow)
{
    char path[PATH_MAX + 256];
    struct dirent **names;
    int count = scandir(follow->folder, &names, is_part, NULL);
    bool found = false;

    for (int i = 0; i < count; i++) {
        snprintf(path, sizeof(path), "%s/%s", follow->folder, names[i]->d_name);
        found = found || is_being_written(path);
        free(names[i]);
    }
    if (count >= 0) {
        free(names);
    }
    return found;
}

static void wait_for_end(const struct record_follow *follow)
{
    for (int i = 0; i < WAITS && any_is_running(follow); i++) {
        const struct timespec moment = {.tv_nsec = WAIT_NS};
        nanosleep(&moment, NULL);
    }
}

static size_t count_ended(const struct parts *parts)
{
    size_t count = 0;

    for (size_t i = 0; i < parts->count; i++) {
        count += !parts->items[i].is_running && !parts->items[i].is_empty;
    }
    return count;
}

/* Takes all parts out of the folder. together: those that have ended are in the output. */
static bool clear(const struct record_follow *follow, const struct parts *parts, bool together)
{
    bool done = true;

    for (size_t i = 0; i < parts->count; i++) {
        const struct part *part = &parts->items[i];
        bool is_named = part->is_running || (!together && !part->is_empty);
        if (is_named) {
            done = give_name(follow, parts, i) && done;
        } else {
            unlink(part->path);
        }
    }
    return done;
}

int record_follow_finish(const struct record_follow *follow, bool files, const char *shown)
{
    struct parts parts;
    int count = 0;

    wait_for_end(follow);
    for (int round = 0; round < ROUNDS; round++) {
        /* Who began after the first look is not in the output any more. */
        bool together = !files && round == 0;
        if (!find_parts(follow, &parts)) {
            vmpt_say(TOOL, "%s: %s", follow->folder, strerror(errno));
            return -1;
        }
        size_t ended = count_ended(&parts);
        if (together && !put_together(follow, &parts, ended)) {
            vmpt_say(TOOL, "cannot put the profiles of %zu processes into %s; they stay in %s",
                     ended, shown, follow->folder);
            free(parts.items);
            return -1;
        }
        count += (int)ended;
        bool done = clear(follow, &parts, together);
        free(parts.items);
        if (!done || rmdir(follow->folder) == 0) {
            break;
        }
    }
    return count;
}
