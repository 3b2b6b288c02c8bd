/* marks.h: which code of an interpreter is its loop, and which the way from one function to the next. */
#ifndef VMPROF_SAMPLER_NATIVE_MARKS_H
#define VMPROF_SAMPLER_NATIVE_MARKS_H

#include "sampler/native/cfi.h"
#include "sampler/native/images.h"

/* vmps_marks_make() sets the marks of the image that has the loop at eval_address. The loop is found by its
 * description and its jumps, also in binaries without symbols; the rest by symbols. */
void vmps_marks_make(struct vmps_image *image, const struct vmps_cfi *cfi, uint64_t eval_address);

/* vmps_marks_make_ours() marks all of an image as the sampler's own. */
void vmps_marks_make_ours(struct vmps_image *image);

#endif
