/* heap.h: how many bytes of the heap are in use, in a program that links heap.c: it takes the place of the C
 * library's functions, for all shared libraries of the process too, so zlib's memory counts.
 */
#ifndef VMPROF_TESTS_BENCH_HEAP_H
#define VMPROF_TESTS_BENCH_HEAP_H

#include <stdint.h>

/* From here on: bench_heap_peak_bytes() is the most that was in use at once beyond what is in use now. */
void bench_heap_begin(void);
uint64_t bench_heap_peak_bytes(void);

#endif
