/* damage_live.h: recordings that are killed. */
#ifndef VMPROF_TESTS_BENCH_DAMAGE_LIVE_H
#define VMPROF_TESTS_BENCH_DAMAGE_LIVE_H

/* Records witnesses into the file at path until it is killed: one thread publishes, another one drains. The file at
 * counter is mapped, and holds how many were published by now. */
_Noreturn void live_record(const char *path, const char *counter);

/* Prints what of that is in the file. 1: more than the one sample is missing that was being written, or something else
 * is wrong. */
int live_judge(const char *path, const char *counter);

/* Prints what is in the file of a real recording that was killed: `with_name` counts the samples with that function. */
int live_inspect(const char *path, const char *name);

#endif
