#include "tools/import/json_input.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "tools/import/made.h"
#include "tools/import/whole_input.h"

#define TWO_TO_63 9223372036854775808.0

/* What jansson takes at most for each, with what it grows by. A value is counted with the comma behind it, the last one of
 * a container with the container; a text by its two quotes, beside its characters. */
enum { OBJECT_BYTES = 320, ARRAY_BYTES = 208, VALUE_BYTES = 64, QUOTE_BYTES = 28, KEY_BYTES = 128 };

/* ---- the head ---------------------------------------------------------------------------------------- */

static size_t skip_space(const char *text, size_t size, size_t at)
{
    while (at < size &&
           (text[at] == ' ' || text[at] == '\t' || text[at] == '\r' || text[at] == '\n')) {
        at++;
    }
    return at;
}

bool json_input_head_has(const uint8_t *head, size_t size_bytes, const char *const *texts)
{
    const char *text = (const char *)head;
    size_t at = skip_space(text, size_bytes, 0);
    bool is_object = at < size_bytes && text[at] == '{';
    for (; is_object && *texts; texts++) {
        if (memmem(text + at, size_bytes - at, *texts, strlen(*texts))) {
            return true;
        }
    }
    return false;
}

/* Behind a piece of the head, and the space before it; size: it is not there. */
static size_t skip_piece(const char *text, size_t size, size_t at, const char *piece)
{
    size_t piece_size = strlen(piece);
    at = skip_space(text, size, at);
    bool is_there = size - at >= piece_size && memcmp(text + at, piece, piece_size) == 0;
    return is_there ? at + piece_size : size;
}

bool json_input_head_begins(const uint8_t *head, size_t size_bytes, const char *key, char bracket)
{
    const char *text = (const char *)head;
    size_t at = skip_piece(text, size_bytes, 0, "{");
    at = skip_piece(text, size_bytes, at, "\"");
    bool is_key = size_bytes - at > strlen(key) && memcmp(text + at, key, strlen(key)) == 0;
    at = is_key ? skip_piece(text, size_bytes, at + strlen(key), "\"") : size_bytes;
    at = skip_piece(text, size_bytes, at, ":");
    at = skip_space(text, size_bytes, at);
    return at < size_bytes && text[at] == bracket;
}

/* ---- the document ------------------------------------------------------------------------------------ */

/* How much a document would take. Brackets and commas in texts count as if they were none: it is more, and rarely much. */
static size_t estimate(const uint8_t *data, size_t size_bytes)
{
    size_t bytes = size_bytes;
    for (size_t i = 0; i < size_bytes && bytes <= JSON_INPUT_MAX_BYTES; i++) {
        switch (data[i]) {
        case '{': bytes += OBJECT_BYTES; break;
        case '[': bytes += ARRAY_BYTES; break;
        case ',': bytes += VALUE_BYTES; break;
        case '"': bytes += QUOTE_BYTES; break;
        case ':': bytes += KEY_BYTES; break;
        default: break;
        }
    }
    return bytes;
}

static vmpf_status refuse(const struct whole_input *input, const json_error_t *error,
                          struct vmpf_error *err)
{
    vmpf_status status = VMPF_E_CORRUPT;
    if (input->cut) {
        status = import_fail(err, status, "its compressed data is cut or broken");
    } else {
        status = import_fail(err, status, "line %d, column %d: %.100s", error->line, error->column,
                             error->text);
    }
    err->offset = input->cut ? input->size_bytes : (uint64_t)(unsigned)error->position;
    return status;
}

static vmpf_status parse(const struct whole_input *input, json_t **root, struct vmpf_error *err)
{
    json_error_t error;
    if (estimate(input->data, input->size_bytes) > JSON_INPUT_MAX_BYTES) {
        return import_fail(err, VMPF_E_LIMIT,
                           "as a document of JSON it would take more than 4 GiB of memory");
    }
    *root = json_loadb((const char *)input->data, input->size_bytes, JSON_ALLOW_NUL, &error);
    if (!*root && json_error_code(&error) == json_error_out_of_memory) {
        return import_fail(err, VMPF_E_NOMEM, "not enough memory");
    }
    if (!*root || input->cut) {
        json_decref(*root);
        *root = NULL;
        return refuse(input, &error, err);
    }
    if (!json_is_object(*root)) {
        json_decref(*root);
        *root = NULL;
        return import_fail(err, VMPF_E_CORRUPT, "it is no object of JSON");
    }
    return VMPF_OK;
}

vmpf_status json_input_read(struct vmpf_source *source, json_t **root, struct vmpf_error *err)
{
    struct whole_input input;
    *root = NULL;
    vmpf_status status = whole_input_read(&input, source, err);
    if (status == VMPF_OK) {
        status = parse(&input, root, err);
    }
    whole_input_fini(&input);
    return status;
}

/* ---- values ------------------------------------------------------------------------------------------ */

struct vmpf_string json_input_text(const json_t *value)
{
    return json_is_string(value)
               ? (struct vmpf_string){json_string_value(value), json_string_length(value)}
               : (struct vmpf_string){"", 0};
}

json_int_t json_input_index(const json_t *value)
{
    return json_is_integer(value) && json_integer_value(value) >= 0 ? json_integer_value(value)
                                                                    : -1;
}

uint32_t json_input_line(const json_t *value)
{
    json_int_t line = json_input_index(value);
    return line > 0 && line <= UINT32_MAX ? (uint32_t)line : 0;
}

static bool scale_integer(uint64_t value, uint64_t scale, uint64_t *out)
{
    bool fits = value <= (uint64_t)INT64_MAX / scale;
    *out = fits ? value * scale : 0;
    return fits;
}

/* What differs from an integer by no more than a double's last digits is one: it leaves nothing to carry. */
static bool round_off(double value, double *carry, uint64_t *out)
{
    double whole = floor(value + 0.5);
    if (!(value >= 0 && value <= TWO_TO_63)) {
        return false;
    }
    if (fabs(value - whole) > value * 4 * DBL_EPSILON) {
        value += *carry;
        whole = floor(value + 0.5);
        *carry = value - whole;
    }
    *out = whole > 0 ? (uint64_t)whole : 0;
    *out = *out > INT64_MAX ? INT64_MAX : *out; /* the nearest double to it is 2^63 */
    return true;
}

bool json_input_scaled(const json_t *number, uint64_t scale, double *carry, uint64_t *out)
{
    if (json_is_integer(number)) {
        json_int_t value = json_integer_value(number);
        return value >= 0 && scale_integer((uint64_t)value, scale, out);
    }
    return json_is_real(number) && round_off(json_real_value(number) * (double)scale, carry, out);
}

bool json_input_span(const json_t *from, const json_t *to, uint64_t scale, double *carry,
                     uint64_t *out)
{
    bool exact = json_is_integer(to) && (!from || json_is_integer(from));
    if (exact) {
        json_int_t first = from ? json_integer_value(from) : 0;
        json_int_t last = json_integer_value(to);
        return last >= first && scale_integer((uint64_t)last - (uint64_t)first, scale, out);
    }
    double span = json_number_value(to) - (from ? json_number_value(from) : 0);
    return json_is_number(to) && round_off(span * (double)scale, carry, out);
}
