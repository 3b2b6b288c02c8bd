/* image_rows.h: fills in what of an image the handler needs. */
#ifndef VMPROF_SAMPLER_NATIVE_IMAGE_ROWS_H
#define VMPROF_SAMPLER_NATIVE_IMAGE_ROWS_H

#include "sampler/native/images.h"

/* vmps_image_read_rows() sets rows, and marks where the image has the loop of an interpreter in it. What cannot
 * be read, or does not fit into memory, gives none. */
void vmps_image_read_rows(struct vmps_image *image, uint64_t eval_address);

#endif
