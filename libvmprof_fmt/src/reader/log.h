/* log.h: a reader over a log of upstream vmprof (spec/vmprof-log.md). Private. */
#ifndef VMPROF_FMT_READER_LOG_H
#define VMPROF_FMT_READER_LOG_H

#include "libvmprof_fmt/src/reader/state.h"

/* The log that a reader reads in place of a profile of our own format; it is freed with NULL, too. */
void vmpfi_reader_log_free(struct vmpfi_reader_log *log);
/* Whether the input is one; its first bytes are in r->input. */
bool vmpfi_reader_log_is_input(const vmpf_reader *r);
/* Makes r->log, and the session that it is. */
vmpf_status vmpfi_reader_log_open(vmpf_reader *r, struct vmpf_error *err);
/* The same as vmpfi_reader_step(): r->samples holds a block. */
vmpf_status vmpfi_reader_log_step(vmpf_reader *r, bool *block, struct vmpf_error *err);

#endif
