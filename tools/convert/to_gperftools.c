/* to_gperftools.c: a CPU profile of gperftools with its symbols in front, as google-pprof itself writes one by --raw.
 *
 * Functions of an interpreter have no addresses that a symbol could be looked up by: each function gets one, and the
 * symbols say which.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "tools/analysis/memory.h"
#include "tools/convert/format.h"
#include "tools/convert/names.h"
#include "tools/convert/text.h"

#define NS_PER_US UINT64_C(1000)
#define DEFAULT_PERIOD_US UINT64_C(1000)
#define FIRST_ADDRESS UINT64_C(0x1000)
#define ADDRESS_STEP 16
#define MAX_DEPTH ((size_t)65536) /* what google-pprof takes */

struct gperf {
    const struct vmpt_view *view;
    struct conv_text text;
    struct vmpt_buffer name;
    uint32_t *path; /* functions, root first */
    uint32_t *ends;
    size_t path_capacity;
    size_t end_capacity;
};

static uint64_t address_of(uint32_t function)
{
    return FIRST_ADDRESS + (uint64_t)function * ADDRESS_STEP;
}

/* ---- symbols ----------------------------------------------------------------------------------------- */

/* The reader takes what stands in brackets for types and templates and leaves it out, and -- for the end of a name. */
static void add_name(struct gperf *gperf, const char *data, size_t size_bytes)
{
    gperf->name.size = 0;
    conv_add_clean(&gperf->name, data, size_bytes);
    for (size_t i = 0; i < gperf->name.size && !gperf->name.failed; i++) {
        char *at = &gperf->name.data[i];
        switch (*at) {
        case '<':
        case '(': *at = '['; break;
        case '>':
        case ')': *at = ']'; break;
        default: break;
        }
        bool is_pair = *at == '-' && i + 1 < gperf->name.size && at[1] == '-';
        conv_text_add(&gperf->text, at, 1);
        conv_text_put(&gperf->text, is_pair ? " " : "");
    }
    gperf->text.failed = gperf->text.failed || gperf->name.failed;
}

static void add_symbols(struct gperf *gperf)
{
    const char *program = gperf->view->profile->program.text;
    conv_text_put(&gperf->text, "--- symbol\nbinary=");
    add_name(gperf, program ? program : "vmprof", program ? strlen(program) : strlen("vmprof"));
    for (uint32_t i = 0; i <= gperf->view->hidden; i++) {
        struct vmpt_function function = conv_function(gperf->view, i);
        conv_text_printf(&gperf->text, "\n0x%016" PRIx64 " ", address_of(i));
        add_name(gperf, function.name, function.name_size);
        if (function.file_size) {
            conv_text_put(&gperf->text, " ");
            add_name(gperf, function.file, function.file_size);
            conv_text_printf(&gperf->text, ":%u", (unsigned)function.first_line);
        }
    }
    conv_text_put(&gperf->text, "\n---\n--- profile\n");
}

/* ---- records ----------------------------------------------------------------------------------------- */

static void add_slot(struct gperf *gperf, uint64_t value)
{
    char bytes[8];
    for (unsigned i = 0; i < 8; i++) {
        bytes[i] = (char)(unsigned char)(value >> 8 * i);
    }
    conv_text_add(&gperf->text, bytes, sizeof(bytes));
}

static void add_record(struct gperf *gperf, size_t depth, uint64_t count)
{
    size_t kept = depth < MAX_DEPTH ? depth : MAX_DEPTH;
    add_slot(gperf, count);
    add_slot(gperf, kept);
    for (size_t i = 0; i < kept; i++) {
        add_slot(gperf, address_of(gperf->path[depth - 1 - i]));
    }
}

/* The format counts samples; a metric that counts something is as good. */
static uint64_t count_of(const struct gperf *gperf, const struct vmpt_cell *cell)
{
    bool is_count = strcmp(gperf->view->profile->metric.unit, "count") == 0;
    return is_count ? cell->weight : cell->samples;
}

static bool add_records(struct gperf *gperf)
{
    const struct vmpt_view *view = gperf->view;
    size_t depth = 0;
    for (size_t i = 1; i < view->count; i++) {
        while (depth > 0 && i >= gperf->ends[depth - 1]) {
            depth--;
        }
        if (!vmpt_reserve(&gperf->path, &gperf->path_capacity, depth + 1, sizeof(*gperf->path)) ||
            !vmpt_reserve(&gperf->ends, &gperf->end_capacity, depth + 1, sizeof(*gperf->ends))) {
            return false;
        }
        gperf->path[depth] = view->function[i];
        gperf->ends[depth++] = (uint32_t)(i + view->size[i]);
        uint64_t count = count_of(gperf, &view->self[i]);
        if (count) {
            add_record(gperf, depth, count);
        }
    }
    return true;
}

static bool write_document(struct gperf *gperf)
{
    const uint64_t period_us = gperf->view->profile->period_ns / NS_PER_US;
    const uint64_t header[] = {0, 3, 0, period_us ? period_us : DEFAULT_PERIOD_US, 0};
    const uint64_t trailer[] = {0, 1, 0};
    add_symbols(gperf);
    for (size_t i = 0; i < sizeof(header) / sizeof(header[0]); i++) {
        add_slot(gperf, header[i]);
    }
    bool done = add_records(gperf);
    for (size_t i = 0; i < sizeof(trailer) / sizeof(trailer[0]); i++) {
        add_slot(gperf, trailer[i]);
    }
    return done;
}

static bool write_tree(struct conv_job *job)
{
    struct gperf gperf;
    memset(&gperf, 0, sizeof(gperf));
    gperf.view = &job->app.view;
    bool done = conv_text_init(&gperf.text, &job->target.output) && write_document(&gperf);
    done = conv_text_fini(&gperf.text) && done;
    vmpt_buffer_fini(&gperf.name);
    free(gperf.path);
    free(gperf.ends);
    return done;
}

const struct conv_format conv_to_gperftools = {
    .option = "gperftools",
    .extension = "gperf",
    .title = "the format of gperftools",
    .help = "gperftools' CPU profile, with symbols: for google-pprof",
    .write_tree = write_tree,
};
