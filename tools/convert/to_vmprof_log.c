/* to_vmprof_log.c: a log of the upstream vmprof, version 6, as its own reader accepts it.
 *
 * The modes are those that the first block calls for: memory where there is such a value, pairs of kind and id where there
 * are frames of a JIT, else pairs of line and id where there are lines.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "tools/common/diag.h"
#include "tools/convert/log_ids.h"
#include "tools/convert/stream.h"

enum marker {
    MARKER_STACK = 1,
    MARKER_VIRTUAL_IP = 2,
    MARKER_TRAILER = 3,
    MARKER_HEADER = 5,
    MARKER_TIME = 6,
    MARKER_META = 7,
    MARKER_NATIVE_SYMBOL = 8,
};
enum mode { MODE_MEMORY = 1, MODE_LINES = 2, MODE_NATIVE = 4, MODE_RPYTHON = 8 };
enum tag { TAG_CODE = 1, TAG_JITTED = 3, TAG_ASSEMBLER = 6, TAG_NATIVE = 7 };

#define LOG_VERSION 6
#define ZONE_BYTES 8
#define MAX_WORDS 65536 /* that upstream's reader takes for one stack */
#define CACHE_BYTES ((size_t)32 << 20)
#define NS_PER_S UINT64_C(1000000000)

/* The last frame of code within the stack that is written, as a reader that joins frames sees it. */
struct joint {
    uint64_t id;
    uint32_t run;       /* the number of the last run of jitted frames */
    uint32_t inner_run; /* that of the frame; 0: it is not jitted */
};

struct log {
    struct conv_job *job;
    struct conv_log_ids ids;
    struct vmpt_buffer out; /* records that are whole */
    bool has_header;
    uint8_t mode;
    int memory; /* the value that is the memory; -1: none */
    uint64_t end_unix_ns;
    bool has_other_values; /* beside the memory and one weight */
    uint64_t cut_stacks;
    /* By stack of the epoch: where its words stand in words, + 1; 0: nowhere yet. */
    size_t *places;
    size_t place_capacity;
    struct vmpt_buffer words; /* of each: how many, then they */
    struct joint joint;
};

/* ---- words ------------------------------------------------------------------------------------------- */

static void add_word(struct vmpt_buffer *out, uint64_t word)
{
    char bytes[8];
    for (unsigned i = 0; i < sizeof(bytes); i++) {
        bytes[i] = (char)(unsigned char)(word >> 8 * i);
    }
    vmpt_buffer_add(out, bytes, sizeof(bytes));
}

static void add_byte(struct vmpt_buffer *out, unsigned byte)
{
    char c = (char)(unsigned char)byte;
    vmpt_buffer_add(out, &c, 1);
}

static void add_string(struct vmpt_buffer *out, const char *text)
{
    add_word(out, strlen(text));
    vmpt_buffer_add_text(out, text);
}

static void add_time(struct vmpt_buffer *out, uint64_t unix_ns)
{
    add_word(out, unix_ns / NS_PER_S);
    add_word(out, unix_ns % NS_PER_S / 1000);
    vmpt_buffer_fill(out, '\0', ZONE_BYTES);
}

static void drain(struct log *log)
{
    if (!log->out.failed) {
        vmpt_output_write(&log->job->target.output, log->out.data, log->out.size);
        log->out.size = 0;
    }
}

/* ---- the header -------------------------------------------------------------------------------------- */

static int memory_of(const struct vmpf_info *info)
{
    static const char memory[] = "memory";
    for (size_t i = 0; i < info->value_count; i++) {
        struct vmpf_string name = info->values[i].name;
        if (name.size_bytes == strlen(memory) && memcmp(name.data, memory, strlen(memory)) == 0) {
            return (int)i;
        }
    }
    return -1;
}

static bool is_pypy(const struct vmpf_info *info)
{
    const struct vmpf_meta *meta = vmpf_info_meta(info, VMPF_META_INTERPRETER);
    return meta && meta->type == VMPF_META_STRING && meta->string.size_bytes == 4 &&
           memcmp(meta->string.data, "pypy", 4) == 0;
}

static uint8_t mode_of(const struct vmpt_feed *feed, const struct vmpf_info *info)
{
    uint32_t count = feed->ops->function_count(feed->ctx);
    bool has_jit = is_pypy(info);
    uint8_t mode = memory_of(info) >= 0 ? MODE_MEMORY : 0;
    for (uint32_t id = 2; id < count; id++) {
        vmpf_kind kind = feed->ops->function(feed->ctx, id).kind;
        has_jit = has_jit || kind == VMPF_KIND_JIT;
        mode |= conv_log_is_native(kind) ? MODE_NATIVE : 0;
    }
    if (has_jit) {
        return (uint8_t)(mode | MODE_RPYTHON);
    }
    return vmpt_feed_holds(feed) & VMPT_HOLDS_LINES ? (uint8_t)(mode | MODE_LINES) : mode;
}

static void add_header(struct log *log, const struct vmpf_info *info)
{
    const struct vmpf_meta *period = vmpf_info_meta(info, VMPF_META_PERIOD_NS);
    const struct vmpf_meta *os = vmpf_info_meta(info, VMPF_META_OS);
    const char *name = is_pypy(info) ? "pypy" : "cpython";
    struct vmpt_buffer *out = &log->out;
    add_word(out, 0);
    add_word(out, 3);
    add_word(out, 0);
    add_word(out, period && period->type == VMPF_META_INTEGER ? period->integer / 1000 : 0);
    add_word(out, 0);
    add_byte(out, MARKER_HEADER);
    add_byte(out, LOG_VERSION >> 8); /* the one number of the format that has its high byte first */
    add_byte(out, LOG_VERSION);
    add_byte(out, log->mode);
    add_byte(out, (unsigned)strlen(name));
    vmpt_buffer_add_text(out, name);
    add_byte(out, MARKER_TIME);
    add_time(out, info->start_unix_ns);
    add_byte(out, MARKER_META);
    add_string(out, "os");
    if (os && os->type == VMPF_META_STRING && os->string.size_bytes) {
        struct vmpt_buffer clean = {0};
        conv_add_clean(&clean, os->string.data, os->string.size_bytes);
        add_string(out, clean.data ? clean.data : "");
        vmpt_buffer_fini(&clean);
    } else {
        add_string(out, "linux");
    }
    add_byte(out, MARKER_META);
    add_string(out, "bits");
    add_string(out, "64");
}

/* ---- stacks ------------------------------------------------------------------------------------------- */

static uint64_t tag_of(vmpf_kind kind)
{
    switch (kind) {
    case VMPF_KIND_JIT: return TAG_JITTED;
    case VMPF_KIND_JIT_INTERNAL: return TAG_ASSEMBLER;
    case VMPF_KIND_NATIVE:
    case VMPF_KIND_KERNEL:
    case VMPF_KIND_GC: return TAG_NATIVE;
    default: return TAG_CODE;
    }
}

/* What a log cannot tell apart. */
static bool loses_kind(const struct log *log, const struct vmpf_function *function)
{
    static const char assembler[] = "<assembler>"; /* all else that the JIT does becomes that too */
    vmpf_kind kind = function->kind;
    if (log->mode & MODE_RPYTHON) {
        bool is_assembler = function->name.size_bytes == sizeof(assembler) - 1 &&
                            memcmp(function->name.data, assembler, sizeof(assembler) - 1) == 0;
        return (kind == VMPF_KIND_JIT_INTERNAL && !is_assembler) || kind == VMPF_KIND_KERNEL ||
               kind == VMPF_KIND_GC || kind == VMPF_KIND_VM || kind == VMPF_KIND_UNKNOWN;
    }
    return kind != VMPF_KIND_PY && kind != VMPF_KIND_NATIVE;
}

/* A reader takes the caller of a run of jitted frames for its outermost frame where the two are one function [L-5-6]. Where
 * they are two calls, it gets the frame to drop that the log of PyPy has there. */
static void add_pair(struct log *log, uint64_t tag, uint64_t id)
{
    struct joint *joint = &log->joint;
    bool is_code = tag == TAG_CODE || tag == TAG_JITTED;
    joint->run += tag != TAG_JITTED;
    if (is_code && joint->inner_run && joint->id == id &&
        (tag != TAG_JITTED || joint->inner_run != joint->run)) {
        add_word(&log->words, TAG_CODE);
        add_word(&log->words, id);
        joint->run++;
    }
    if (is_code) {
        joint->id = id;
        joint->inner_run = tag == TAG_JITTED ? joint->run : 0;
    }
    add_word(&log->words, tag);
    add_word(&log->words, id);
}

static bool add_frame(struct log *log, const struct vmpt_feed *feed, uint32_t node)
{
    struct vmpf_location location =
        feed->ops->location(feed->ctx, feed->ops->stack(feed->ctx, node).location);
    struct vmpf_function function = feed->ops->function(feed->ctx, location.function);
    struct vmpt_buffer name = {0};
    uint64_t id;
    if (!function.file.size_bytes && function.module && feed->ops->module) {
        function.file = feed->ops->module(feed->ctx, function.module).path;
    }
    if (!conv_log_id(&log->ids, &function, &id, &name)) {
        return false;
    }
    if (name.size) { /* the id is new */
        add_byte(&log->out,
                 conv_log_is_native(function.kind) ? MARKER_NATIVE_SYMBOL : MARKER_VIRTUAL_IP);
        add_word(&log->out, id);
        add_word(&log->out, name.size);
        vmpt_buffer_add(&log->out, name.data, name.size);
        vmpt_buffer_fini(&name);
    }
    if (log->mode & MODE_RPYTHON) {
        add_pair(log, tag_of(function.kind), id);
    } else {
        if (log->mode & MODE_LINES) {
            add_word(&log->words, conv_log_is_native(function.kind) ? 0 : location.line);
        }
        add_word(&log->words, id);
    }
    log->job->lost |= loses_kind(log, &function) ? VMPT_HOLDS_KINDS : 0;
    bool loses_line =
        location.line && (!(log->mode & MODE_LINES) || conv_log_is_native(function.kind));
    log->job->lost |= loses_line ? VMPT_HOLDS_LINES : 0;
    return true;
}

static size_t most_words_of_frame(const struct log *log)
{
    if (log->mode & MODE_RPYTHON) {
        return 4; /* with the frame to drop */
    }
    return log->mode & MODE_LINES ? 2 : 1;
}

/* The words of a stack, kept for when it comes again. */
static bool add_stack(struct log *log, struct conv_stream *stream, uint32_t innermost,
                      size_t *place)
{
    *place = log->words.size;
    log->joint = (struct joint){.run = 1};
    add_word(&log->words, 0);
    uint32_t node = innermost;
    for (; node && (log->words.size - *place) / 8 - 1 + most_words_of_frame(log) <= MAX_WORDS;
         node = conv_stream_caller(stream, node)) {
        if (!add_frame(log, &stream->feed, node)) {
            return false;
        }
    }
    log->cut_stacks += node ? 1 : 0;
    uint64_t count = (log->words.size - *place) / 8 - 1;
    for (unsigned i = 0; i < 8 && !log->words.failed; i++) {
        log->words.data[*place + i] = (char)(unsigned char)(count >> 8 * i);
    }
    return !log->words.failed;
}

static void forget(struct log *log)
{
    if (log->place_capacity) {
        memset(log->places, 0, log->place_capacity * sizeof(*log->places));
    }
    log->words.size = 0;
}

static bool find_stack(struct log *log, struct conv_stream *stream, uint32_t innermost,
                       size_t *place)
{
    uint32_t count = stream->feed.ops->stack_count(stream->feed.ctx);
    if (log->words.size > CACHE_BYTES) {
        forget(log);
    }
    if (!vmpt_reserve(&log->places, &log->place_capacity, count, sizeof(*log->places))) {
        return false;
    }
    if (innermost < count && log->places[innermost]) {
        *place = log->places[innermost] - 1;
        return true;
    }
    if (!add_stack(log, stream, innermost, place)) {
        return false;
    }
    if (innermost < count) {
        log->places[innermost] = *place + 1;
    }
    return true;
}

static uint64_t word_at(const struct vmpt_buffer *words, size_t place)
{
    uint64_t word = 0;
    for (unsigned i = 0; i < 8; i++) {
        word |= (uint64_t)(unsigned char)words->data[place + i] << 8 * i;
    }
    return word;
}

static bool add_sample(struct log *log, struct conv_stream *stream, const struct vmpf_block *block,
                       size_t i)
{
    uint32_t innermost = conv_stream_innermost(stream, block->stack[i]);
    size_t place;
    if (innermost == CONV_NOT_CHOSEN) {
        return !stream->failed;
    }
    if (!find_stack(log, stream, innermost, &place)) {
        return false;
    }
    size_t size = 8 + 8 * (size_t)word_at(&log->words, place);
    struct vmpf_thread thread = stream->feed.ops->thread(stream->feed.ctx, block->thread[i]);
    add_byte(&log->out, MARKER_STACK);
    add_word(&log->out, 1);
    vmpt_buffer_add(&log->out, log->words.data + place, size);
    add_word(&log->out, thread.thread_id);
    if (log->mode & MODE_MEMORY) {
        bool has = log->memory >= 0 && block->values[log->memory];
        add_word(&log->out, has ? block->values[log->memory][i] / 1024 : 0);
    }
    drain(log);
    return !log->out.failed;
}

/* ---- the visitor --------------------------------------------------------------------------------------- */

static int begin(void *ctx, struct conv_stream *stream, const struct vmpf_info *info)
{
    (void)ctx;
    (void)stream;
    (void)info;
    return VMPT_GO_ON;
}

static int epoch(void *ctx, struct conv_stream *stream)
{
    (void)stream;
    forget(ctx);
    return VMPT_GO_ON;
}

static void write_header(struct log *log, const struct vmpt_feed *feed,
                         const struct vmpf_info *info)
{
    if (!log->has_header) {
        log->mode = feed ? mode_of(feed, info) : 0;
        log->has_header = true;
        add_header(log, info);
        drain(log);
    }
}

static int take_block(void *ctx, struct conv_stream *stream, const struct vmpf_block *block)
{
    struct log *log = ctx;
    const struct vmpt_feed *feed = &stream->feed;
    const struct vmpf_info *info = feed->ops->info(feed->ctx, feed->ops->session(feed->ctx));
    write_header(log, feed, info);
    log->memory = memory_of(info);
    log->has_other_values |= info->value_count > (log->memory >= 0 ? 2 : 1);
    for (size_t i = 0; i < block->count; i++) {
        if (conv_stream_keeps(stream, block, i) && !add_sample(log, stream, block, i)) {
            return vmpt_app_no_memory(&log->job->app);
        }
    }
    return VMPT_GO_ON;
}

static int end(void *ctx, struct conv_stream *stream, const struct vmpf_info *info,
               uint64_t lost_samples)
{
    struct log *log = ctx;
    (void)stream;
    (void)lost_samples;
    write_header(log, NULL, info); /* of a profile without samples */
    uint64_t end_ns = info->start_unix_ns + info->end_ns;
    log->end_unix_ns = end_ns > log->end_unix_ns ? end_ns : log->end_unix_ns;
    return VMPT_GO_ON;
}

/* What is lost of kinds, lines and values was found frame by frame; that a profile holds them says less. */
static uint32_t losses(const struct log *log, uint32_t held, uint32_t found)
{
    uint32_t lost = held & ~(VMPT_HOLDS_KINDS | VMPT_HOLDS_LINES | VMPT_HOLDS_VALUES);
    return lost | found | (log->has_other_values ? VMPT_HOLDS_VALUES : 0);
}

static int write_samples(struct conv_job *job)
{
    static const struct conv_visitor visitor = {begin, epoch, take_block, end};
    struct log log = {.job = job, .memory = -1};
    conv_log_ids_init(&log.ids);
    int code = conv_stream_run(job, &visitor, &log, VMPF_COLUMN_TIME | VMPF_COLUMN_LABEL);
    if (code < 0) {
        add_byte(&log.out, MARKER_TRAILER);
        add_time(&log.out, log.end_unix_ns);
        drain(&log);
    }
    job->lost = losses(&log, job->held, job->lost);
    if (code < 0 && log.cut_stacks) {
        vmpt_say(job->app.tool->name,
                 "a log holds %d words of a stack; %" PRIu64 " stacks were cut at the root",
                 MAX_WORDS, log.cut_stacks);
    }
    conv_log_ids_fini(&log.ids);
    vmpt_buffer_fini(&log.out);
    vmpt_buffer_fini(&log.words);
    free(log.places);
    return code;
}

const struct conv_format conv_to_vmprof_log = {
    .option = "vmprof-log",
    .extension = "log",
    .title = "a log of the older vmprof",
    .help = "a log as older versions of vmprof wrote and read it",
    .holds = VMPT_HOLDS_THREADS,
    .write_samples = write_samples,
};
