#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <pthread.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sampler/vm/cpython_resolve.h"
#include "sampler/vm/peek.h"

/* More than there can be: a list that another thread changes under our hands ends all the same. */
#define MAX_STATES 65536u
#define MAX_INTERPRETERS 4096u
/* What a pthread_t points to is larger. */
#define PTHREAD_BYTES 2048u

static void *symbol(const char *name)
{
    return dlsym(RTLD_DEFAULT, name);
}

/* ISO C has no cast from an object pointer to a function pointer; POSIX wants this to work. */
static void function_of(const char *name, void *function, size_t size)
{
    void *address = symbol(name);
    memcpy(function, &address, size);
}

static uint32_t system_id_at(uint64_t thread, uint32_t offset)
{
    uint32_t id = 0;
    return vmps_peek_copy(&id, thread + offset, sizeof id) ? id : 0;
}

/* The C library keeps the system's number of a thread in its own block, and shows it to debuggers only. In the
 * calling thread's we know what to look for. */
static uint32_t find_system_id_offset(void)
{
    uint32_t id = (uint32_t)syscall(SYS_gettid);
    for (uint32_t offset = 0; offset < PTHREAD_BYTES; offset += sizeof id) {
        if (system_id_at((uint64_t)pthread_self(), offset) == id) {
            return offset;
        }
    }
    return 0;
}

/* From 3.7 on the lock is a part of _PyRuntime, where nothing else is waited for. */
static void find_lock(struct vmps_cpython *cpython)
{
    Dl_info info;
    void *entry = NULL;
    void *runtime = symbol("_PyRuntime");
    if (runtime != NULL && dladdr1(runtime, &info, &entry, RTLD_DL_SYMENT) != 0 && entry != NULL) {
        cpython->lock_begin = (uint64_t)runtime;
        cpython->lock_end = cpython->lock_begin + ((const ElfW(Sym) *)entry)->st_size;
    }
}

void vmps_cpython_threads_open(struct vmps_cpython *cpython)
{
    const uint32_t word = 8;
    function_of("PyInterpreterState_Head", &cpython->first_interpreter,
                sizeof cpython->first_interpreter);
    function_of("PyInterpreterState_Next", &cpython->next_interpreter,
                sizeof cpython->next_interpreter);
    function_of("PyInterpreterState_ThreadHead", &cpython->first_thread,
                sizeof cpython->first_thread);
    /* pystate.h: the first fields of a thread state are prev and next; before 3 only next. */
    cpython->next_offset = cpython->layout.major == 2 ? 0 : word;
    cpython->system_id_offset = find_system_id_offset();
    find_lock(cpython);
}

static bool is_of(const struct vmps_cpython *cpython, uint64_t state, pid_t thread_id)
{
    uint64_t thread;
    if (!vmps_peek_copy(&thread, state + cpython->layout.thread_id, sizeof thread)) {
        return false;
    }
    return system_id_at(thread, cpython->system_id_offset) == (uint32_t)thread_id;
}

static uint64_t find_in(const struct vmps_cpython *cpython, void *interpreter, pid_t thread_id)
{
    uint64_t state = (uint64_t)cpython->first_thread(interpreter);
    for (uint32_t i = 0; state != 0 && i < MAX_STATES; i++) {
        if (is_of(cpython, state, thread_id)) {
            return state;
        }
        if (!vmps_peek_copy(&state, state + cpython->next_offset, sizeof state)) {
            return 0;
        }
    }
    return 0;
}

uint64_t vmps_cpython_thread_of(const struct vmps_vm *vm, pid_t thread_id, uint64_t known)
{
    const struct vmps_cpython *cpython = vm->data;
    if (cpython->system_id_offset == 0 || cpython->first_interpreter == NULL ||
        cpython->next_interpreter == NULL || cpython->first_thread == NULL) {
        return 0;
    }
    if (known != 0 && is_of(cpython, known, thread_id)) {
        return known;
    }
    uint64_t found = 0;
    void *interpreter = cpython->first_interpreter();
    for (uint32_t i = 0; interpreter != NULL && found == 0 && i < MAX_INTERPRETERS; i++) {
        found = find_in(cpython, interpreter, thread_id);
        interpreter = cpython->next_interpreter(interpreter);
    }
    return found;
}

bool vmps_cpython_is_lock(const struct vmps_vm *vm, uint64_t address)
{
    const struct vmps_cpython *cpython = vm->data;
    return address >= cpython->lock_begin && address < cpython->lock_end;
}
