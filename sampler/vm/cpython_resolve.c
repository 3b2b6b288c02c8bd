#include "sampler/vm/cpython_resolve.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sampler/core/error.h"
#include "sampler/vm/cpython_layout.h"

static uint64_t address_of(const char *symbol)
{
    return (uint64_t)dlsym(RTLD_DEFAULT, symbol);
}

/* ISO C has no cast from an object pointer to a function pointer; POSIX wants this to work. */
static void function_of(const char *symbol, void *function, size_t size)
{
    void *address = dlsym(RTLD_DEFAULT, symbol);
    memcpy(function, &address, size);
}

static bool present(void)
{
    /* PyPy's libpypy-c.so has the C API under PyPy names. */
    return address_of("Py_GetVersion") != 0 && address_of("PyCode_Type") != 0;
}

static bool parse_version(const char *version, unsigned *major, unsigned *minor)
{
    char *end;
    *major = (unsigned)strtoul(version, &end, 10);
    if (end == version || *end != '.') {
        return false;
    }
    const char *rest = end + 1;
    *minor = (unsigned)strtoul(rest, &end, 10);
    return end != rest;
}

static bool is_free_threaded(const char *version)
{
    return strstr(version, "free-threading") != NULL;
}

static vmps_status find_layout(struct vmps_cpython *cpython, const char *version,
                               struct vmps_error *err)
{
    unsigned major, minor;
    if (!parse_version(version, &major, &minor)) {
        return vmps_fail(err, VMPS_E_INTERPRETER, 0,
                         "the interpreter's version is not understood: \"%.60s\"", version);
    }
    if (is_free_threaded(version)) {
        return vmps_fail(
            err, VMPS_E_INTERPRETER, 0,
            "this is a free-threaded build of CPython %u.%u, which vmprof cannot sample "
            "yet; use the ordinary build",
            major, minor);
    }
    const struct vmps_cpython_layout *row = vmps_cpython_layout_find(major, minor);
    if (row == NULL) {
        return vmps_fail(err, VMPS_E_INTERPRETER, 0,
                         "CPython %u.%u is not known to this version of vmprof, which knows %s",
                         major, minor, vmps_cpython_layout_known());
    }
    cpython->layout = *row;
    const void *runtime = (const void *)address_of("_PyRuntime");
    if (row->stack == VMPS_STACK_FRAMES && runtime != NULL) {
        vmps_cpython_layout_refine(&cpython->layout, runtime);
    }
    return VMPS_OK;
}

static vmps_status find_symbols(struct vmps_cpython *cpython, struct vmps_error *err)
{
    cpython->code_type = address_of("PyCode_Type");
    function_of("PyGILState_GetThisThreadState", &cpython->locked_thread_state,
                sizeof cpython->locked_thread_state);
    if (cpython->locked_thread_state == NULL) {
        return vmps_fail(err, VMPS_E_INTERPRETER, 0,
                         "this interpreter does not export PyGILState_GetThisThreadState");
    }
    if (cpython->layout.text_ascii == 0) {
        cpython->text_type = cpython->bytes_type = address_of("PyString_Type");
        cpython->current_thread_state = address_of("_PyThreadState_Current");
        if (cpython->current_thread_state == 0) {
            return vmps_fail(err, VMPS_E_INTERPRETER, 0,
                             "this interpreter does not export _PyThreadState_Current");
        }
    } else {
        cpython->text_type = address_of("PyUnicode_Type");
        cpython->bytes_type = address_of("PyBytes_Type");
        cpython->thread_state = cpython->locked_thread_state;
        /* The first call may have the dynamic linker bind what it calls: not in a signal handler. */
        cpython->thread_state();
    }
    if (cpython->text_type == 0 || cpython->bytes_type == 0) {
        return vmps_fail(err, VMPS_E_INTERPRETER, 0,
                         "this interpreter does not export its string types");
    }
    return VMPS_OK;
}

static vmps_status cpython_open(struct vmps_vm *vm, struct vmps_error *err)
{
    const char *(*get_version)(void);
    function_of("Py_GetVersion", &get_version, sizeof get_version);
    const char *version = get_version();
    struct vmps_cpython *cpython = calloc(1, sizeof *cpython);
    if (cpython == NULL) {
        return vmps_fail(err, VMPS_E_SYSTEM, 0, "out of memory");
    }
    vmps_status status = find_layout(cpython, version, err);
    if (status == VMPS_OK) {
        status = find_symbols(cpython, err);
    }
    if (status != VMPS_OK) {
        free(cpython);
        return status;
    }
    vmps_cpython_threads_open(cpython);
    vm->data = cpython;
    snprintf(vm->version, sizeof vm->version, "%.*s", (int)strcspn(version, " "), version);
    return VMPS_OK;
}

/* Found by its name: all builds export it. */
static uint64_t loop_address(const struct vmps_vm *vm)
{
    uint64_t address = address_of("_PyEval_EvalFrameDefault");
    (void)vm;
    return address != 0 ? address : address_of("PyEval_EvalFrameEx");
}

static void cpython_close(struct vmps_vm *vm)
{
    free(vm->data);
    vm->data = NULL;
}

const struct vmps_vm_ops vmps_cpython_ops = {
    .name = "cpython",
    .title = "CPython",
    .starts_in_forked = true,
    .present = present,
    .open = cpython_open,
    .check = vmps_cpython_check,
    .loop_address = loop_address,
    .close = cpython_close,
    .thread_of = vmps_cpython_thread_of,
    .is_lock = vmps_cpython_is_lock,
    .walker = {.walk = vmps_cpython_walk, .describe = vmps_cpython_describe},
    .onlooker = {.walk = vmps_peek_cpython_walk, .describe = vmps_peek_cpython_describe},
    .reader = {.walk = vmps_guarded_cpython_walk,
               .describe = vmps_guarded_cpython_describe,
               .identify = vmps_guarded_cpython_identify},
};
