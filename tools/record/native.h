/* native.h: native frames: of an interpreter's program where they are asked for, and of a program without one.
 *
 * A program without an interpreter may start one later, which is what is to be recorded then. So it writes to a
 * spare file, which becomes the profile when nothing else was recorded. */
#ifndef VMPROF_TOOLS_RECORD_NATIVE_H
#define VMPROF_TOOLS_RECORD_NATIVE_H

#include <stdbool.h>

#include "tools/record/output.h"

struct record_native {
    bool is_asked, is_raw; /* --native, --raw */
    int spare_fd;          /* inherited by the program; -1: there is none */
};

/* record_native_open() makes the spare file. Without one a program without an interpreter is not recorded. */
void record_native_open(struct record_native *native);

/* record_native_order() puts into the environment of this process, which is about to be the program, what the
 * sampler reads there (sampler/core/preload_native.h). Returns 0, or -1 with errno. */
int record_native_order(const struct record_native *native);

/* record_native_take() makes the spare file's content that of output where nothing was recorded there. */
bool record_native_take(const struct record_native *native, const struct record_output *output);

/* record_native_name() has vmprof-symbolize, which is installed beside this program, give names to the frames of
 * the profile at path. Where that fails it says how to do it by hand. */
void record_native_name(const char *path, const char *shown);

#endif
