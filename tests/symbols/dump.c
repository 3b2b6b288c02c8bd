/* dump.c: what tools/symbols says of addresses, in the words of `addr2line -a -i -f`.
 *
 *     symbols_dump [--here] [--no-system] [--untrusted] [--readable] [--debug-dir=DIR]... [--build-id=HEX] FILE <ADDRESSES
 *
 * The verdict on the file stands on standard error.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/symbols/elf_file.h"
#include "tools/symbols/symbols.h"

#define DIRS_MAX 8

struct job {
    struct vmpt_sym_search search;
    struct vmpt_sym_module module;
    const char *dirs[DIRS_MAX];
    uint8_t build_id[SYM_BUILD_ID_MAX];
    bool here;
    bool readable; /* demangled names */
    uint64_t *addresses;
    uint64_t *offsets;
    size_t count;
    struct vmpt_sym_result *results;
    struct vmpt_sym_report report;
};

static void read_build_id(struct job *job, const char *hex)
{
    unsigned byte = 0;
    for (; sscanf(hex, "%2x", &byte) == 1 && job->module.build_id_size < SYM_BUILD_ID_MAX;
         hex += 2) {
        job->build_id[job->module.build_id_size++] = (uint8_t)byte;
        if (!hex[1]) {
            break;
        }
    }
    job->module.build_id = job->build_id;
}

static void read_option(struct job *job, const char *option)
{
    if (strcmp(option, "--here") == 0) {
        job->here = true;
    } else if (strcmp(option, "--readable") == 0) {
        job->readable = true;
    } else if (strcmp(option, "--no-system") == 0) {
        job->search.no_system = true;
    } else if (strcmp(option, "--untrusted") == 0) {
        job->search.trust_paths = false;
    } else if (strncmp(option, "--build-id=", 11) == 0) {
        read_build_id(job, option + 11);
    } else if (strncmp(option, "--debug-dir=", 12) == 0 && job->search.debug_dir_count < DIRS_MAX) {
        job->dirs[job->search.debug_dir_count++] = option + 12;
    } else {
        job->module.path = option;
    }
}

static int by_value(const void *left, const void *right)
{
    const uint64_t *a = left;
    const uint64_t *b = right;
    return *a < *b ? -1 : *a > *b;
}

static bool read_addresses(struct job *job)
{
    size_t capacity = 0;
    unsigned long long address = 0;
    while (scanf("%llx", &address) == 1) {
        if (!vmpt_reserve(&job->addresses, &capacity, job->count + 1, sizeof(*job->addresses))) {
            return false;
        }
        job->addresses[job->count++] = address;
    }
    if (job->count) {
        qsort(job->addresses, job->count, sizeof(*job->addresses), by_value);
    }
    job->offsets = vmpt_array(job->count, sizeof(*job->offsets));
    job->results = vmpt_array(job->count, sizeof(*job->results));
    return job->offsets && job->results;
}

/* The offsets of addresses, where the file can be read at all. */
static void read_offsets(struct job *job)
{
    struct sym_elf file;
    bool exists = false;
    bool is_open = sym_elf_open(&file, job->module.path, &exists);
    for (size_t i = 0; i < job->count; i++) {
        job->offsets[i] = job->addresses[i];
        if (is_open) {
            (void)sym_elf_offset_of(&file, job->addresses[i], &job->offsets[i]);
        }
    }
    if (is_open) {
        sym_elf_close(&file);
    }
}

static void print(const struct job *job)
{
    for (size_t i = 0; i < job->count; i++) {
        const struct vmpt_sym_result *result = &job->results[i];
        printf("0x%016" PRIx64 "\n", job->addresses[i]);
        for (size_t k = 0; k < result->frame_count; k++) {
            const struct vmpt_sym_frame *frame = &result->frames[k];
            const char *name = job->readable ? frame->name : frame->linkage_name;
            printf("%s\n%s:%" PRIu32 "\n", name[0] ? name : "??",
                   frame->file[0] ? frame->file : "??", frame->line);
        }
        if (result->frame_count == 0) {
            printf("??\n??:0\n");
        }
    }
    static const char *const verdicts[] = {"matched", "missing", "mismatched", "unchecked",
                                           "unreadable"};
    fprintf(stderr, "%s lines=%d debug_mismatched=%d corrupt=%d binary=%s debug=%s\n",
            verdicts[job->report.verdict], job->report.has_lines, job->report.debug_mismatched,
            job->report.debug_corrupt, job->report.binary, job->report.debug_file);
}

int main(int argc, char **argv)
{
    struct job job = {.search = {.trust_paths = true}, .module = {.path = ""}};
    struct vmpt_arena arena;
    job.search.debug_dirs = job.dirs;
    for (int i = 1; i < argc; i++) {
        read_option(&job, argv[i]);
    }
    if (!read_addresses(&job)) {
        return 1;
    }
    read_offsets(&job);
    vmpt_arena_init(&arena);
    bool done = job.here ? vmpt_sym_resolve_here(&job.search, &job.module, job.offsets, job.count,
                                                 true, &arena, job.results, &job.report)
                         : vmpt_sym_resolve(&job.search, &job.module, job.offsets, job.count,
                                            &arena, job.results, &job.report);
    if (done) {
        print(&job);
    }
    vmpt_arena_fini(&arena);
    free(job.addresses);
    free(job.offsets);
    free(job.results);
    return done ? 0 : 1;
}
