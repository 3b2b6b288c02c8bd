/* request.h: what the environment asks the sampler for, as text.
 *
 * Thread: any.  Signal: unsafe. */
#ifndef VMPROF_SAMPLER_CORE_REQUEST_H
#define VMPROF_SAMPLER_CORE_REQUEST_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct vmps_request {
    char output[PATH_MAX];
    uint64_t period_ns;
    int toggle_signal; /* 0: none */
    bool memory;
};

/* vmps_request_parse() takes what a person writes: "out=FILE,period=1ms,toggle=SIGUSR2,memory", in any order, each once;
 * out must be there, and %p in it becomes the process's id, %% a percent sign. Nothing is guessed: false, and
 * in why one line on what is wrong, when anything is. */
bool vmps_request_parse(const char *text, struct vmps_request *request, char *why,
                        size_t why_size_bytes);

/* vmps_request_signal() the number of a signal that may turn a recording on and off, "SIGUSR2", "USR2", "12" or
 * "SIGRTMIN+3". 0: it is none of those. */
int vmps_request_signal(const char *name);

#endif
