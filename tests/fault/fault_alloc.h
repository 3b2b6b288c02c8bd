/* fault_alloc.h: makes the N-th allocation fail, and counts what is not given back. The linker's --wrap sends every allocation
 * of the test and of the library through it. */
#ifndef VMPROF_TESTS_FAULT_FAULT_ALLOC_H
#define VMPROF_TESTS_FAULT_FAULT_ALLOC_H

#include <stdbool.h>
#include <stdint.h>

/* From now on: the allocation number `nth` (from 0) fails; UINT64_MAX: none does. Counting starts anew. */
void fault_alloc_arm(uint64_t nth);
/* Ends it. true when an allocation was made to fail. */
bool fault_alloc_disarm(void);
/* Allocations since arm that were not freed. */
int64_t fault_alloc_live(void);

#endif
