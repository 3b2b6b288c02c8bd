/* callgrind_words.h: what a line of callgrind's format is made of. */
#ifndef VMPROF_TOOLS_IMPORT_CALLGRIND_WORDS_H
#define VMPROF_TOOLS_IMPORT_CALLGRIND_WORDS_H

#include <stdbool.h>
#include <stdint.h>
#include <vmprof/vmpf.h>

void callgrind_skip_blanks(struct vmpf_string *text);
/* Takes the next word off text; empty: there is none. */
struct vmpf_string callgrind_take_word(struct vmpf_string *text);
/* Takes `start` off text, and the blanks behind it. False: it does not begin so. */
bool callgrind_take_start(struct vmpf_string *text, const char *start);

/* Decimal, less than 2^63, or "0x1f". */
bool callgrind_number(struct vmpf_string word, uint64_t *value);
/* Takes a position off text: a number, or from the last one on: "+3", "-3", "*". False: it is none. */
bool callgrind_take_position(struct vmpf_string *text, uint64_t last, uint64_t *value);

#define CALLGRIND_NAME_BYTES 51 /* of what import_add_value() takes, and a NUL */
/* The name of an event; the value is what it is counted in. vmprof-convert says that at the end: "cpu_ns". */
const char *callgrind_event(struct vmpf_string event, char name[CALLGRIND_NAME_BYTES]);

#endif
