#include "tools/import/tachyon_tables.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "tools/analysis/memory.h"
#include "tools/import/bytes.h"

#define VERSION 1
#define FOOTER_BYTES 32u
#define LEAST_FRAME_BYTES 7u /* six numbers and the opcode */
#define INNER_FILE "~"       /* of frames that no code of Python stands behind */

enum { AT_VERSION = 4, AT_START = 12, AT_INTERVAL = 20, AT_SAMPLES = 28 };
enum { AT_STRINGS = 40, AT_FRAMES = 48, AT_COMPRESSION = 56 };
enum { COMPRESSION_NONE = 0, COMPRESSION_ZSTD = 1 };

static uint64_t fixed(const uint8_t *data, size_t size_bytes, bool is_big)
{
    uint64_t value = 0;
    for (size_t i = 0; i < size_bytes; i++) {
        value = value << 8 | data[is_big ? i : size_bytes - 1 - i];
    }
    return value;
}

bool tachyon_magic(const uint8_t *data, size_t size_bytes, bool *is_big)
{
    *is_big = size_bytes >= 4 && memcmp(data, "TACH", 4) == 0;
    return *is_big || (size_bytes >= 4 && memcmp(data, "HCAT", 4) == 0);
}

vmpf_status tachyon_header_read(struct tachyon_header *header, const uint8_t *data,
                                size_t size_bytes, struct vmpf_error *err)
{
    memset(header, 0, sizeof(*header));
    if (!tachyon_magic(data, size_bytes, &header->is_big)) {
        return import_fail(err, VMPF_E_NOT_VMPROF, "it is no profile of profiling.sampling");
    }
    if (size_bytes < TACHYON_HEADER_BYTES + FOOTER_BYTES) {
        return import_fail(err, VMPF_E_TRUNCATED, "it is cut: its tables come last");
    }
    bool is_big = header->is_big;
    uint64_t version = fixed(data + AT_VERSION, 4, is_big);
    uint64_t compression = fixed(data + AT_COMPRESSION, 4, is_big);
    if (version != VERSION || compression > COMPRESSION_ZSTD) {
        return import_fail(err, VMPF_E_UNSUPPORTED,
                           "it is version %" PRIu64 " with compression %" PRIu64
                           " of profiling.sampling's format, and version %d with 0 or 1 is read",
                           version, compression, VERSION);
    }
    header->is_compressed = compression == COMPRESSION_ZSTD;
    header->start_us = fixed(data + AT_START, 8, is_big);
    header->interval_us = fixed(data + AT_INTERVAL, 8, is_big);
    header->sample_count = fixed(data + AT_SAMPLES, 8, is_big);
    header->strings_at = fixed(data + AT_STRINGS, 8, is_big);
    header->frames_at = fixed(data + AT_FRAMES, 8, is_big);
    if (header->strings_at < TACHYON_HEADER_BYTES || header->frames_at < header->strings_at) {
        return import_fail(err, VMPF_E_CORRUPT,
                           "its header says that tables are where none can be");
    }
    uint64_t said = fixed(data + size_bytes - FOOTER_BYTES + 8, 8, is_big);
    if (header->frames_at > size_bytes - FOOTER_BYTES || said != size_bytes) {
        return import_fail(err, VMPF_E_TRUNCATED,
                           "its end is missing, or not its own: tables come last");
    }
    return VMPF_OK;
}

/* ---- tables ---------------------------------------------------------------------------------------- */

static vmpf_status no_more(void *ctx, struct import_bytes *bytes, struct vmpf_error *err)
{
    (void)ctx;
    (void)bytes;
    (void)err;
    return VMPF_END;
}

static struct import_bytes bytes_of(const uint8_t *data, uint64_t begin, uint64_t end)
{
    struct import_bytes bytes;
    import_bytes_init(&bytes, no_more, NULL);
    bytes.at = data + begin;
    bytes.end = data + end;
    bytes.end_offset = end;
    return bytes;
}

static vmpf_status broken(const struct import_bytes *bytes, const char *table,
                          struct vmpf_error *err)
{
    (void)import_fail(err, VMPF_E_CORRUPT, "its table of %s is broken", table);
    err->offset = import_bytes_offset(bytes);
    return VMPF_E_CORRUPT;
}

static uint64_t number(struct import_bytes *bytes)
{
    uint8_t ignored;
    return import_bytes_varint(bytes, 7, &ignored);
}

static vmpf_status read_strings(struct tachyon_tables *tables, struct import_bytes bytes,
                                struct vmpf_error *err)
{
    if (tables->string_count > (size_t)(bytes.end - bytes.at)) {
        return broken(&bytes, "strings", err);
    }
    tables->strings = vmpt_array(tables->string_count, sizeof(*tables->strings));
    if (!tables->strings) {
        return import_fail(err, VMPF_E_NOMEM, "not enough memory");
    }
    for (uint32_t i = 0; i < tables->string_count; i++) {
        uint64_t size = number(&bytes);
        if (bytes.status != VMPF_OK || size > (uint64_t)(bytes.end - bytes.at)) {
            return broken(&bytes, "strings", err);
        }
        tables->strings[i] = (struct vmpf_string){(const char *)bytes.at, (size_t)size};
        bytes.at += size;
    }
    return VMPF_OK;
}

static bool is_text(struct vmpf_string text, const char *other)
{
    return text.size_bytes == strlen(other) && memcmp(text.data, other, text.size_bytes) == 0;
}

static struct vmpf_function function_of(struct vmpf_string file, struct vmpf_string name)
{
    struct vmpf_function function = {.name = name, .file = file, .kind = VMPF_KIND_PY};
    if (is_text(file, INNER_FILE)) {
        function.file = (struct vmpf_string){"", 0};
        function.kind = is_text(name, "<GC>")       ? VMPF_KIND_GC
                        : is_text(name, "<native>") ? VMPF_KIND_NATIVE
                                                    : VMPF_KIND_UNKNOWN;
    }
    return function;
}

static vmpf_status read_frames(struct tachyon_tables *tables, struct import_bytes bytes,
                               struct import_made *made, struct vmpf_error *err)
{
    if (tables->frame_count > (size_t)(bytes.end - bytes.at) / LEAST_FRAME_BYTES) {
        return broken(&bytes, "frames", err);
    }
    tables->frames = vmpt_array(tables->frame_count, sizeof(*tables->frames));
    if (!tables->frames) {
        return import_fail(err, VMPF_E_NOMEM, "not enough memory");
    }
    for (uint32_t i = 0; i < tables->frame_count; i++) {
        uint64_t file = number(&bytes);
        uint64_t name = number(&bytes);
        uint64_t line = number(&bytes); /* twice as much; odd: negative, there is none */
        for (int k = 0; k < 3; k++) {   /* its end, and both columns */
            (void)number(&bytes);
        }
        (void)import_bytes_u8(&bytes); /* the opcode */
        if (bytes.status != VMPF_OK || file >= tables->string_count ||
            name >= tables->string_count) {
            return broken(&bytes, "frames", err);
        }
        const struct vmpf_function function =
            function_of(tables->strings[file], tables->strings[name]);
        uint32_t id = import_function(made, &function);
        if (id == IMPORT_NO_ID) {
            return import_fail(err, VMPF_E_NOMEM, "not enough memory");
        }
        bool has_line = line % 2 == 0 && line / 2 <= INT32_MAX;
        tables->frames[i] =
            (struct tachyon_frame){id, has_line ? (uint32_t)(line / 2) : 0, function.kind};
    }
    return VMPF_OK;
}

vmpf_status tachyon_tables_read(struct tachyon_tables *tables, const struct tachyon_header *header,
                                const uint8_t *data, size_t size_bytes, struct import_made *made,
                                struct vmpf_error *err)
{
    const uint64_t end = size_bytes - FOOTER_BYTES;
    memset(tables, 0, sizeof(*tables));
    tables->string_count = (uint32_t)fixed(data + end, 4, header->is_big);
    tables->frame_count = (uint32_t)fixed(data + end + 4, 4, header->is_big);
    vmpf_status status =
        read_strings(tables, bytes_of(data, header->strings_at, header->frames_at), err);
    return status == VMPF_OK
               ? read_frames(tables, bytes_of(data, header->frames_at, end), made, err)
               : status;
}

void tachyon_tables_fini(struct tachyon_tables *tables)
{
    free(tables->strings);
    free(tables->frames);
    memset(tables, 0, sizeof(*tables));
}
