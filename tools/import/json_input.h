/* json_input.h: a document of JSON, gzip'd or not, whole in memory, for formats that are one object. */
#ifndef VMPROF_TOOLS_IMPORT_JSON_INPUT_H
#define VMPROF_TOOLS_IMPORT_JSON_INPUT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <vmprof/vmpf.h>

/* What a document may take in memory beside its text, as it is estimated before it is read. */
#define JSON_INPUT_MAX_BYTES ((size_t)4 << 30)

/* Whether the head of an input begins an object, and one of these texts stands in it; the last is NULL. */
bool json_input_head_has(const uint8_t *head, size_t size_bytes, const char *const *texts);
/* Whether the first key of that object is this one, and its value begins with this bracket. */
bool json_input_head_begins(const uint8_t *head, size_t size_bytes, const char *key, char bracket);

/* Reads source to its end and closes it. *root is an object: json_decref() gives it back. VMPF_E_IO, VMPF_E_NOMEM,
 * VMPF_E_CORRUPT; VMPF_E_LIMIT where it would take more than JSON_INPUT_MAX_BYTES. */
vmpf_status json_input_read(struct vmpf_source *source, json_t **root, struct vmpf_error *err);

/* Values where a document may say anything. Of NULL and of other types: empty; -1. */
struct vmpf_string json_input_text(const json_t *value);
json_int_t json_input_index(const json_t *value);
/* A line's number; 0: it is none. */
uint32_t json_input_line(const json_t *value);

/* A number times scale, as an integer; what is lost by rounding is left in *carry and comes in with the next one, so that
 * sums are kept. false: it is none, negative, or more than 2^63. */
bool json_input_scaled(const json_t *number, uint64_t scale, double *carry, uint64_t *out);
/* The same of what lies between two numbers; from: NULL is 0. Integers are not rounded. */
bool json_input_span(const json_t *from, const json_t *to, uint64_t scale, double *carry,
                     uint64_t *out);

#endif
