/* preload_threads.c: pthread_create() of a program that vmprof-record started, so that a thread is sampled from
 * its first instant on: the scan of the drain thread would find short ones too late. Where this library
 * was not preloaded, the system's function comes first and this one is never called. */
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "sampler/core/session.h"

typedef int (*create_fn)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);

/* What the new thread is to run. */
struct beginning {
    void *(*start)(void *);
    void *argument;
};

static void *begin(void *argument)
{
    struct beginning beginning = *(struct beginning *)argument;
    free(argument);
    vmps_thread_born();
    return beginning.start(beginning.argument);
}

static create_fn next_create(void)
{
    static _Atomic(void *) found;
    void *next = atomic_load(&found);
    if (next == NULL) {
        next = dlsym(RTLD_NEXT, "pthread_create");
        atomic_store(&found, next);
    }
    /* POSIX wants this conversion to work, ISO C does not know it. */
    union {
        void *object;
        create_fn function;
    } either = {.object = next};
    return either.function;
}

/* NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name): the system's names are reserved */
VMPS_API int pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                            void *(*start)(void *), void *argument)
{
    create_fn create = next_create();
    if (create == NULL) {
        return EAGAIN;
    }
    /* Read without its lock: a recording that begins now finds the thread in its first scan. The drain
     * thread begins before the session is there, and is not sampled. */
    struct beginning *beginning =
        vmps_owner_state.session != NULL ? malloc(sizeof *beginning) : NULL;
    if (beginning == NULL) {
        return create(thread, attributes, start, argument);
    }
    *beginning = (struct beginning){.start = start, .argument = argument};
    int failed = create(thread, attributes, begin, beginning);
    if (failed != 0) {
        free(beginning);
    }
    return failed;
}
