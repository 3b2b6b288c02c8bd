/* clones.h: loops over whole columns, compiled once for any x86-64 and once for one with AVX2. Private.
 *
 * VMPFI_CLONES stands before the definition of a function whose loops the compiler turns into vector instructions: baseline x86-64
 * has no unsigned maximum and half the width. The loader chooses at start (an indirect function of glibc's). Elsewhere, and under
 * sanitizers, whose runtime is not there yet when the loader chooses, it is empty. The results are the same. */
#ifndef VMPROF_FMT_BASE_CLONES_H
#define VMPROF_FMT_BASE_CLONES_H

#include <stddef.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) ||                         \
    __has_feature(memory_sanitizer)
#define VMPFI_SANITIZED 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define VMPFI_SANITIZED 1
#endif

#if defined(__x86_64__) && defined(__GLIBC__) && !defined(VMPFI_SANITIZED)
#define VMPFI_CLONES __attribute__((target_clones("avx2", "default")))
#else
#define VMPFI_CLONES
#endif

/* For what a clone calls: a function that is not part of it is not cloned. */
#define VMPFI_IN_CLONE static inline __attribute__((always_inline))

#endif
