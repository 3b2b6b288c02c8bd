/* cpython_layout.h: where the fields are that a walk needs, for each version of CPython.
 *
 * Thread: any.  Signal: not needed there. */
#ifndef VMPROF_SAMPLER_VM_CPYTHON_LAYOUT_H
#define VMPROF_SAMPLER_VM_CPYTHON_LAYOUT_H

#include <stddef.h>

#include "sampler/vm/cpython_walk.h"

/* vmps_cpython_layout_find() gives the row for a version, or NULL when it is not known. */
const struct vmps_cpython_layout *vmps_cpython_layout_find(unsigned major, unsigned minor);

/* vmps_cpython_layout_refine() replaces what the row says by what the interpreter itself says of its
 * fields, from 3.13 on: debug_offsets is the address of its _PyRuntime. False: it says nothing there,
 * or something else than its version does. */
bool vmps_cpython_layout_refine(struct vmps_cpython_layout *layout, const void *debug_offsets);

/* vmps_cpython_layout_known() names the versions that have a row, for a message. */
const char *vmps_cpython_layout_known(void);

#endif
