/* chains.h: calls of many shapes, compiled in several ways, for the unwinder to find its way through. */
#ifndef VMPROF_TESTS_UNIT_NATIVE_CHAINS_H
#define VMPROF_TESTS_UNIT_NATIVE_CHAINS_H

/* Each runs some thousand instructions, and ends where it began. Returns a number that depends on all of it. With
 * an odd seed some realign their stack: gcc's tables are wrong at the `ret` of these, which libgcc's unwinder does not
 * survive. */
long chains_with_frame_pointer(long seed);
long chains_without_frame_pointer(long seed);
long chains_unoptimised(long seed);

#endif
