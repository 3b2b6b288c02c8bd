/* preload_native.h: native frames of a program that vmprof-record started. It says what it wants in
 * VMPROF_NATIVE="mode=N,fd=N,pid=N": the mode of vmps.h, and the file to which the process of that number writes
 * where no interpreter is in it. An interpreter that the program starts later is recorded all the same, elsewhere. */
#ifndef VMPROF_SAMPLER_CORE_PRELOAD_NATIVE_H
#define VMPROF_SAMPLER_CORE_PRELOAD_NATIVE_H

#include <stdbool.h>
#include <stdint.h>

#define VMPS_PRELOAD_NATIVE "VMPROF_NATIVE"

/* vmps_preload_native_mode() is VMPS_NATIVE_NONE where nobody asks. */
uint32_t vmps_preload_native_mode(void);

/* vmps_preload_native_start() records this process if it is the one. Whether it does. */
bool vmps_preload_native_start(uint64_t period_ns);

#endif
