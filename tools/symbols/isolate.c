/* isolate.c: files are read in a process of its own. Its results come back through a pipe, and are checked like any input:
 * a process that a corrupt file led astray may have written anything.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tools/symbols/symbols.h"
#include "tools/symbols/wire.h"

#define CPU_SECONDS 120
#define MEMORY_BYTES (UINT64_C(8) << 30)

/* The address sanitizer's own tables take more address space than any limit that would be of use. */
#if defined(__SANITIZE_ADDRESS__)
#define LIMITS_MEMORY 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define LIMITS_MEMORY 0
#endif
#endif
#ifndef LIMITS_MEMORY
#define LIMITS_MEMORY 1
#endif

struct request {
    const struct vmpt_sym_search *search;
    const struct vmpt_sym_module *module;
    const uint64_t *offsets;
    size_t count;
    bool with_lines;
};

/* ---- the process that reads ---------------------------------------------------------------------------- */

static void limit(enum __rlimit_resource resource, rlim_t value)
{
    struct rlimit limits;
    if (getrlimit(resource, &limits) == 0) {
        limits.rlim_cur = limits.rlim_max < value ? limits.rlim_max : value;
        (void)setrlimit(resource, &limits);
    }
}

static void write_all(int fd, const char *data, size_t size)
{
    while (size > 0) {
        ssize_t count = write(fd, data, size);
        if (count < 0 && errno != EINTR) {
            return;
        }
        if (count > 0) {
            data += count;
            size -= (size_t)count;
        }
    }
}

static int read_files(const struct request *request, int fd)
{
    struct vmpt_arena arena;
    struct vmpt_sym_report report;
    struct sym_wire wire = {0};
    struct vmpt_sym_result *results = vmpt_array(request->count, sizeof(*results));
    limit(RLIMIT_CPU, CPU_SECONDS);
    limit(RLIMIT_CORE, 0);
    if (LIMITS_MEMORY) {
        limit(RLIMIT_AS, MEMORY_BYTES);
    }
    vmpt_arena_init(&arena);
    bool done = results && vmpt_sym_resolve_here(request->search, request->module, request->offsets,
                                                 request->count, request->with_lines, &arena,
                                                 results, &report);
    if (done) {
        sym_wire_put(&wire, &report, results, request->count);
    }
    if (done && !wire.failed) {
        write_all(fd, wire.data, wire.size);
    }
    return done && !wire.failed ? 0 : 1;
}

/* ---- the process that asks ----------------------------------------------------------------------------- */

static bool receive(int fd, struct sym_wire *wire)
{
    size_t capacity = 0;
    for (;;) {
        if (!vmpt_reserve(&wire->data, &capacity, wire->size + 65536, 1)) {
            return false;
        }
        ssize_t count = read(fd, wire->data + wire->size, capacity - wire->size);
        if (count == 0) {
            return true;
        }
        if (count < 0 && errno != EINTR) {
            return false;
        }
        wire->size += count > 0 ? (size_t)count : 0;
    }
}

static bool wait_for(pid_t child)
{
    int status = 0;
    while (waitpid(child, &status, 0) < 0) {
        if (errno != EINTR) {
            return false;
        }
    }
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* False: no process could be made. *whole: what came back is. */
static bool ask(const struct request *request, struct sym_wire *wire, bool *whole)
{
    int ends[2];
    *whole = false;
    if (pipe(ends) != 0) {
        return false;
    }
    pid_t child = fork();
    if (child == 0) {
        (void)close(ends[0]);
        _exit(read_files(request, ends[1]));
    }
    (void)close(ends[1]);
    bool received = child > 0 && receive(ends[0], wire);
    (void)close(ends[0]);
    *whole = child > 0 && wait_for(child) && received;
    return child > 0;
}

static bool try_once(const struct request *request, struct vmpt_arena *arena,
                     struct vmpt_sym_result *results, struct vmpt_sym_report *report, bool *whole)
{
    struct sym_wire wire = {0};
    bool asked = ask(request, &wire, whole);
    if (*whole) {
        *whole = sym_wire_take(&wire, arena, report, results, request->count);
    }
    free(wire.data);
    return asked;
}

bool vmpt_sym_resolve(const struct vmpt_sym_search *search, const struct vmpt_sym_module *module,
                      const uint64_t *offsets, size_t count, struct vmpt_arena *arena,
                      struct vmpt_sym_result *results, struct vmpt_sym_report *report)
{
    struct request request = {search, module, offsets, count, true};
    bool whole = false;
    if (!try_once(&request, arena, results, report, &whole)) {
        return false;
    }
    if (whole) {
        return true;
    }
    /* It died of its debug information, or of the limits: the symbols may be had all the same. */
    request.with_lines = false;
    if (!try_once(&request, arena, results, report, &whole)) {
        return false;
    }
    if (!whole) {
        memset(results, 0, count * sizeof(*results));
        memset(report, 0, sizeof(*report));
        report->verdict = VMPT_SYM_UNREADABLE;
    }
    report->debug_corrupt = true;
    return true;
}
