#include "tools/import/text_input.h"

#include <stdlib.h>
#include <string.h>

#include "tools/import/gunzip.h"
#include "tools/import/made.h"
#include "tools/import/whole_input.h"

#define FIRST_BYTES ((size_t)1 << 18)
#define GZIP_MAGIC_BYTES 3u

void text_input_init(struct text_input *input, struct vmpf_source source)
{
    memset(input, 0, sizeof(*input));
    input->source = source;
}

void text_input_fini(struct text_input *input)
{
    vmpf_source_close(&input->source);
    gunzip_free(input->gunzip);
    free(input->data);
    memset(input, 0, sizeof(*input));
}

/* Moves what is left to the front, and makes room behind it. */
static vmpf_status make_room(struct text_input *input, struct vmpf_error *err)
{
    size_t left = input->end - input->begin;
    if (input->begin) {
        memmove(input->data, input->data + input->begin, left);
        input->offset += input->begin;
        input->begin = 0;
        input->end = left;
    }
    if (input->end < input->capacity) {
        return VMPF_OK;
    }
    if (left > TEXT_MAX_LINE_BYTES) {
        return import_fail(err, VMPF_E_LIMIT, "a line is longer than 64 MiB");
    }
    size_t capacity = input->capacity ? 2 * input->capacity : FIRST_BYTES;
    char *data = realloc(input->data, capacity);
    if (!data) {
        return import_fail(err, VMPF_E_NOMEM, "not enough memory");
    }
    input->data = data;
    input->capacity = capacity;
    return VMPF_OK;
}

static vmpf_status read_more(struct text_input *input, struct vmpf_error *err)
{
    vmpf_status status = make_room(input, err);
    if (status != VMPF_OK) {
        return status;
    }
    char *to = input->data + input->end;
    size_t room = input->capacity - input->end;
    int64_t got = input->gunzip ? gunzip_read(input->gunzip, &input->source, to, room)
                                : input->source.ops->read(input->source.ctx, to, room);
    if (got < 0) {
        (void)import_fail(err, VMPF_E_IO, "cannot read");
        err->sys_errno = (int)-got;
        return VMPF_E_IO;
    }
    input->at_end = got == 0;
    input->cut = input->at_end && input->gunzip && gunzip_is_cut(input->gunzip);
    input->end += (size_t)got;
    return VMPF_OK;
}

/* The first bytes tell whether it is gzip'd. */
static vmpf_status read_first(struct text_input *input, struct vmpf_error *err)
{
    vmpf_status status = VMPF_OK;
    while (status == VMPF_OK && input->end < GZIP_MAGIC_BYTES && !input->at_end) {
        status = read_more(input, err);
    }
    if (status == VMPF_OK && whole_is_gzip((const uint8_t *)input->data, input->end)) {
        input->gunzip = gunzip_new(input->data, input->end);
        status = input->gunzip ? VMPF_OK : import_fail(err, VMPF_E_NOMEM, "not enough memory");
        input->end = 0;
        input->at_end = false;
    }
    return status;
}

vmpf_status text_input_line(struct text_input *input, char **line, size_t *size,
                            struct vmpf_error *err)
{
    size_t looked_at = 0;
    if (!input->data) {
        vmpf_status status = read_first(input, err);
        if (status != VMPF_OK) {
            return status;
        }
    }
    for (;;) {
        size_t left = input->end - input->begin;
        char *from = left ? input->data + input->begin : NULL;
        char *newline = left > looked_at ? memchr(from + looked_at, '\n', left - looked_at) : NULL;
        if (newline || (input->at_end && left && !input->cut)) {
            *line = from;
            *size = newline ? (size_t)(newline - from) : left;
            input->line_offset = input->offset + input->begin;
            input->begin += *size + (newline ? 1 : 0);
            *size -= *size && from[*size - 1] == '\r';
            return VMPF_OK;
        }
        if (input->at_end) {
            return VMPF_END;
        }
        looked_at = left;
        vmpf_status status = read_more(input, err);
        if (status != VMPF_OK) {
            return status;
        }
    }
}

void text_input_end(const struct text_input *input, struct import_made *made)
{
    if (input->cut) {
        import_damage(made, input->offset + input->begin, 0, input->end - input->begin,
                      "what is gzip'd is cut, or damaged, behind here");
    }
}
