/* source.h: the text of a source file, as it is on this machine now. */
#ifndef VMPROF_TOOLS_LINES_SOURCE_H
#define VMPROF_TOOLS_LINES_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum source_state {
    SOURCE_NONE,      /* the name is none of a file: "<string>", nothing */
    SOURCE_MISSING,   /* or it cannot be read */
    SOURCE_TOO_LARGE, /* over SOURCE_MAX_BYTES */
    SOURCE_CHANGED,   /* written to since the recording began: lines may stand elsewhere now */
    SOURCE_FOUND,
};

#define SOURCE_MAX_BYTES ((size_t)64 << 20)

struct source {
    enum source_state state;
    char *text;
    size_t size_bytes;
    size_t *starts; /* of the lines */
    size_t line_count;
};

/* Where sources are looked for beside their own place. */
struct source_folders {
    const char **items;
    size_t count;
    size_t capacity;
};

/* Reads the file that a profile calls name, from there or from below the folders: first under all of its name, then
 * under less and less of its start. recorded_unix_ns: when the recording began; 0: not known. False: memory is short.
 * source_fini() may always be called after it. */
bool source_init(struct source *source, const char *name, size_t name_size,
                 const struct source_folders *folders, uint64_t recorded_unix_ns);
void source_fini(struct source *source);

/* Line `number`, counted from 1, without its end; *size 0 and "" where there is none. */
const char *source_line(const struct source *source, uint32_t number, size_t *size);

/* A word for programs: "found", "changed", "missing", "none". */
const char *source_state_name(enum source_state state);

#endif
