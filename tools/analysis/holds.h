/* holds.h: what a profile holds beside stacks and one weight, so that a format which cannot hold it can say what
 * it leaves out.
 */
#ifndef VMPROF_TOOLS_ANALYSIS_HOLDS_H
#define VMPROF_TOOLS_ANALYSIS_HOLDS_H

#include <stdint.h>

#include "tools/analysis/feed.h"

#define VMPT_HOLDS_TIMES 1u     /* when each sample was taken */
#define VMPT_HOLDS_THREADS 2u   /* more than one thread */
#define VMPT_HOLDS_LINES 4u     /* the line of a frame */
#define VMPT_HOLDS_KINDS 8u     /* frames of several kinds */
#define VMPT_HOLDS_VALUES 16u   /* more than one value a sample */
#define VMPT_HOLDS_LABELS 32u   /* labels of samples */
#define VMPT_HOLDS_MODULES 64u  /* the files that machine code came from */
#define VMPT_HOLDS_WEIGHTS 128u /* samples that stand for more or less than one */
#define VMPT_HOLDS_COUNT 8u

/* What the tables of a feed hold: of all that was read, or with VMPT_FEED_ONE_EPOCH of one epoch. */
uint32_t vmpt_feed_holds(const struct vmpt_feed *feed);

/* "times", "threads", ... of the bit 1 << index; index < VMPT_HOLDS_COUNT. */
const char *vmpt_holds_name(uint32_t index);

#endif
