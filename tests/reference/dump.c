/* Prints what libvmprof_fmt reads in profiles, one line of JSON each: the members that
 * spec/reference/vmprof_reader prints too, but for `reference`, which only that one knows.
 *
 * dump FILE...
 *
 * A byte of a name is the JSON character of that number: names need not be UTF-8 [F-1-5]. */
#include "tests/reference/alone.h"

#include <vmprof/vmpf.h>

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A sample, taken out of its block; ids stay valid until the reader is closed. */
struct row {
    size_t session;
    uint32_t stack;
    uint32_t thread;
    uint64_t time_ns;
    uint32_t flags;
    uint32_t label;
    uint64_t values[VMPF_MAX_VALUES];
};

struct rows {
    struct row *items;
    size_t count;
    size_t capacity;
};

static void *checked(void *memory)
{
    if (memory == NULL) {
        fputs("dump: out of memory\n", stderr);
        exit(EXIT_FAILURE);
    }
    return memory;
}

static void keep_block(struct rows *rows, const vmpf_reader *reader, const struct vmpf_block *block)
{
    size_t session = vmpf_reader_session(reader);
    size_t value_count = vmpf_reader_info(reader, session)->value_count;

    for (size_t i = 0; i < block->count; i++) {
        if (rows->count == rows->capacity) {
            rows->capacity = rows->capacity == 0 ? 1024 : 2 * rows->capacity;
            rows->items = checked(realloc(rows->items, rows->capacity * sizeof(struct row)));
        }
        struct row *row = &rows->items[rows->count++];
        *row = (struct row){.session = session,
                            .stack = block->stack[i],
                            .thread = block->thread[i],
                            .time_ns = block->time_ns[i],
                            .flags = block->flags[i],
                            .label = block->label[i]};
        for (size_t k = 0; k < value_count; k++) {
            row->values[k] = block->values[k][i];
        }
    }
}

static void print_string(struct vmpf_string string)
{
    putchar('"');
    for (size_t i = 0; i < string.size_bytes; i++) {
        unsigned char byte = (unsigned char)string.data[i];
        if (byte >= 0x20 && byte < 0x7F && byte != '"' && byte != '\\') {
            putchar(byte);
        } else {
            printf("\\u%04x", (unsigned)byte);
        }
    }
    putchar('"');
}

static void print_comma(size_t index)
{
    if (index != 0) {
        putchar(',');
    }
}

static void print_thread(struct vmpf_thread thread)
{
    printf("[%" PRIu64 ",%" PRIu64 ",", thread.process_id, thread.thread_id);
    print_string(thread.name);
    putchar(']');
}

static void print_stack(const vmpf_reader *reader, uint32_t node)
{
    size_t depth = 0;
    for (uint32_t at = node; at != 0; at = vmpf_reader_stack(reader, at).parent) {
        depth++;
    }
    uint32_t *nodes = checked(calloc(depth + 1, sizeof(*nodes)));
    size_t position = depth;
    for (uint32_t at = node; at != 0 && position > 0; at = vmpf_reader_stack(reader, at).parent) {
        nodes[--position] = at;
    }

    putchar('[');
    for (size_t i = 0; i < depth; i++) {
        struct vmpf_location location =
            vmpf_reader_location(reader, vmpf_reader_stack(reader, nodes[i]).location);
        struct vmpf_function function = vmpf_reader_function(reader, location.function);
        print_comma(i);
        putchar('[');
        print_string(function.name);
        putchar(',');
        print_string(function.file);
        printf(",%" PRIu32 ",%d,%" PRIu64 ",%" PRIu32 "]", function.first_line, (int)function.kind,
               function.address, location.line);
    }
    putchar(']');
    free(nodes);
}

static void print_module(const vmpf_reader *reader, uint32_t id)
{
    if (id == 0) {
        fputs("null", stdout);
        return;
    }
    struct vmpf_module module = vmpf_reader_module(reader, id);
    putchar('[');
    print_string(module.path);
    putchar(',');
    print_string(module.build_id);
    printf(",%" PRIu64 ",%" PRIu64 ",%" PRIu64 "]", module.address, module.size_bytes,
           module.file_offset);
}

/* Entries 0 and 1 of the table are the reader's. */
static void print_modules(const vmpf_reader *reader)
{
    uint32_t count = reader == NULL ? 0 : vmpf_reader_module_count(reader);
    for (uint32_t id = 2; id < count; id++) {
        print_comma(id - 2);
        print_module(reader, id);
    }
}

/* What the session itself defines. A log is one session. */
static void print_session_modules(const vmpf_reader *reader, const char *path, size_t session)
{
    if (vmpf_reader_info(reader, session)->format == VMPF_FORMAT_LOG) {
        print_modules(reader);
        return;
    }
    vmpf_reader *alone = read_alone(path, session);
    print_modules(alone);
    vmpf_reader_close(alone);
}

/* The module of each frame, root first. */
static void print_frame_modules(const vmpf_reader *reader, uint32_t node)
{
    if (node == 0) {
        return;
    }
    struct vmpf_stack stack = vmpf_reader_stack(reader, node);
    struct vmpf_location location = vmpf_reader_location(reader, stack.location);
    print_frame_modules(reader, stack.parent);
    print_comma(stack.parent);
    print_module(reader, vmpf_reader_function(reader, location.function).module);
}

static bool same(struct vmpf_string a, struct vmpf_string b)
{
    return a.size_bytes == b.size_bytes &&
           (a.size_bytes == 0 || memcmp(a.data, b.data, a.size_bytes) == 0);
}

/* The labels of a set; of a key that is there twice the nearest one [F-5.7-2]. */
static void print_labels(const vmpf_reader *reader, uint32_t set)
{
    size_t printed = 0;
    for (uint32_t at = set; at != 0; at = vmpf_reader_label(reader, at).parent) {
        struct vmpf_label label = vmpf_reader_label(reader, at);
        uint32_t nearer = set;
        while (nearer != at && !same(vmpf_reader_label(reader, nearer).key, label.key)) {
            nearer = vmpf_reader_label(reader, nearer).parent;
        }
        if (nearer != at) {
            continue;
        }
        print_comma(printed++);
        print_string(label.key);
        putchar(':');
        if (label.text.size_bytes != 0) {
            print_string(label.text);
        } else {
            printf("%" PRIu64, label.number);
        }
    }
}

static void print_row(const vmpf_reader *reader, const struct row *row, size_t value_count)
{
    printf("{\"flags\":%" PRIu32 ",\"labels\":{", row->flags);
    print_labels(reader, row->label);
    fputs("},\"modules\":[", stdout);
    print_frame_modules(reader, row->stack);
    fputs("],\"stack\":", stdout);
    print_stack(reader, row->stack);
    fputs(",\"thread\":", stdout);
    print_thread(vmpf_reader_thread(reader, row->thread));
    printf(",\"time_ns\":%" PRIu64 ",\"values\":[", row->time_ns);
    for (size_t k = 0; k < value_count; k++) {
        print_comma(k);
        printf("%" PRIu64, row->values[k]);
    }
    fputs("]}", stdout);
}

static void print_meta(const struct vmpf_meta *meta)
{
    print_string(meta->key);
    putchar(':');
    switch (meta->type) {
    case VMPF_META_STRING: print_string(meta->string); break;
    case VMPF_META_INTEGER: printf("%" PRIu64, meta->integer); break;
    case VMPF_META_LIST:
        putchar('[');
        for (size_t i = 0; i < meta->item_count; i++) {
            print_comma(i);
            print_string(meta->items[i]);
        }
        putchar(']');
        break;
    }
}

static void print_session(const vmpf_reader *reader, const char *path, size_t session,
                          const struct rows *rows)
{
    const struct vmpf_info *info = vmpf_reader_info(reader, session);

    /* How long a session was that has no end, the format does not say. */
    fputs("{\"end_ns\":", stdout);
    if (info->finished) {
        printf("%" PRIu64, info->end_ns);
    } else {
        fputs("null", stdout);
    }
    printf(",\"finished\":%s,\"lost_samples\":%" PRIu64 ",\"metadata\":{",
           info->finished ? "true" : "false", info->lost_samples);
    for (size_t i = 0; i < info->meta_count; i++) {
        print_comma(i);
        print_meta(&info->meta[i]);
    }
    fputs("},\"modules\":[", stdout);
    print_session_modules(reader, path, session);
    fputs("],\"samples\":[", stdout);
    size_t printed = 0;
    for (size_t i = 0; i < rows->count; i++) {
        if (rows->items[i].session == session) {
            print_comma(printed++);
            print_row(reader, &rows->items[i], info->value_count);
        }
    }
    printf("],\"start_unix_ns\":%" PRIu64 ",\"value_types\":[", info->start_unix_ns);
    for (size_t i = 0; i < info->value_count; i++) {
        print_comma(i);
        putchar('[');
        print_string(info->values[i].name);
        putchar(',');
        print_string(info->values[i].unit);
        putchar(']');
    }
    fputs("]}", stdout);
}

static const char *category(vmpf_status status)
{
    switch (status) {
    case VMPF_E_NOT_VMPROF: return "\"not ours\"";
    case VMPF_E_VERSION: return "\"newer\"";
    case VMPF_E_UNSUPPORTED: return "\"unsupported\"";
    case VMPF_E_CORRUPT:
    case VMPF_E_TRUNCATED: return "\"damaged\"";
    case VMPF_OK:
    case VMPF_END: return "null";
    default: return "\"other\"";
    }
}

static void print_document(const vmpf_reader *reader, const char *path, vmpf_status status,
                           const struct rows *rows)
{
    const struct vmpf_damage nothing = {.damaged = true};
    const struct vmpf_damage *damage = reader == NULL ? &nothing : vmpf_reader_damage(reader);
    size_t sessions = reader == NULL ? 0 : vmpf_reader_session_count(reader);

    printf("{\"damage\":{\"bad_chunks\":%" PRIu64 ",\"lost_bytes\":%" PRIu64
           ",\"lost_samples\":%" PRIu64 ",\"unfinished\":%s},\"damaged\":%s,\"error\":%s,"
           "\"sessions\":[",
           damage->bad_chunks, damage->lost_bytes, damage->lost_samples,
           damage->unfinished ? "true" : "false", damage->damaged ? "true" : "false",
           category(status));
    for (size_t i = 0; i < sessions; i++) {
        print_comma(i);
        print_session(reader, path, i, rows);
    }
    fputs("],\"threads\":[", stdout);
    uint32_t threads = reader == NULL ? 0 : vmpf_reader_thread_count(reader);
    for (uint32_t i = 0; i < threads; i++) {
        print_comma(i);
        print_thread(vmpf_reader_thread(reader, i));
    }
    fputs("]}\n", stdout);
}

/* The sessions behind one that is refused are read too; no session is refused twice. */
static vmpf_status read_all(vmpf_reader *reader, struct rows *rows)
{
    struct vmpf_block block;
    vmpf_status refusal = VMPF_OK;
    vmpf_status status = VMPF_OK;
    for (size_t refused = 0; refused <= vmpf_reader_session_count(reader); refused++) {
        while ((status = vmpf_reader_next(reader, &block, NULL)) == VMPF_OK) {
            keep_block(rows, reader, &block);
        }
        if (status != VMPF_E_UNSUPPORTED && status != VMPF_E_VERSION) {
            break;
        }
        refusal = refusal == VMPF_OK ? status : refusal;
    }
    return refusal == VMPF_OK ? status : refusal;
}

static int dump(const char *path)
{
    struct vmpf_error error;
    struct vmpf_source source;
    vmpf_reader *reader = NULL;
    struct rows rows = {0};

    if (vmpf_source_open_file(&source, path, &error) != VMPF_OK) {
        fprintf(stderr, "dump: %s: %s\n", path, error.message);
        return EXIT_FAILURE;
    }
    const struct vmpf_reader_options options = {.size = sizeof(options), .verify = true};
    vmpf_status status = vmpf_reader_open(&reader, source, &options, &error);
    if (status == VMPF_OK) {
        status = read_all(reader, &rows);
    }
    print_document(reader, path, status, &rows);
    vmpf_reader_close(reader);
    free(rows.items);
    return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (dump(argv[i]) != EXIT_SUCCESS) {
            return EXIT_FAILURE;
        }
    }
    return EXIT_SUCCESS;
}
