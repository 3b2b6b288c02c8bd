/* words.h: what importers ask of pieces of text. */
#ifndef VMPROF_TOOLS_IMPORT_WORDS_H
#define VMPROF_TOOLS_IMPORT_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <vmprof/vmpf.h>

/* Decimal digits and nothing else. false: it is no number, or 2^63 or more. */
bool import_number(const char *text, size_t size, uint64_t *value);

bool import_is_text(struct vmpf_string text, const char *wanted);
bool import_starts_with(struct vmpf_string text, const char *start);
bool import_ends_in(struct vmpf_string text, const char *end);

/* For formats without kinds: what stands in a file of Python, or in none ("<string>", "<frozen abc>"), is Python's. */
vmpf_kind import_kind_of_file(struct vmpf_string file);

#endif
