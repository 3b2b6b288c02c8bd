/* cold_loop.h: a loop as an interpreter has it, which gcc puts into two places. */
#ifndef VMPROF_TESTS_UNIT_NATIVE_COLD_LOOP_H
#define VMPROF_TESTS_UNIT_NATIVE_COLD_LOOP_H

int cold_loop(const int *words, int count);

#endif
