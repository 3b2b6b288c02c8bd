/* functions.h: the functions of a profile, each once.
 *
 * A function is (name, file, first line); never its address: two code objects of one function are
 * one. `py` and `jit` frames of one function share it, every other kind stands apart.
 */
#ifndef VMPROF_TOOLS_ANALYSIS_FUNCTIONS_H
#define VMPROF_TOOLS_ANALYSIS_FUNCTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <vmprof/vmpf.h>

#include "tools/analysis/memory.h"

#define VMPT_NO_FUNCTION UINT32_MAX

struct vmpt_function {
    const char *name; /* NUL-terminated; bytes as in the file, which may hold NUL and bad UTF-8 */
    const char *file;
    size_t name_size;
    size_t file_size;
    uint32_t first_line;
    uint8_t kind;     /* vmpf_kind; PY where py and jit share the function */
    uint64_t address; /* the lowest; 0: none known */
    uint64_t hash;
    const char *module; /* path of what its machine code came from, the first known; NULL: none */
    size_t module_size;
    bool
        is_group; /* no function: stands for a thread, a process or a label, which no filter takes out */
};

struct vmpt_functions {
    struct vmpt_function *items;
    size_t count;
    size_t capacity;
    uint32_t *slots; /* open addressing: index + 1, or 0 */
    size_t slot_count;
    bool keep_addresses; /* not only each function's lowest */
    struct vmpt_function_address {
        uint64_t address;
        uint32_t function;
    } * addresses; /* may say the same twice */
    size_t address_count;
    size_t address_capacity;
    bool split_addresses; /* each address is a function of its own */
    struct vmpt_arena strings;
};

void vmpt_functions_init(struct vmpt_functions *functions);
void vmpt_functions_fini(struct vmpt_functions *functions);

/* The index of an equal function, made when there is none yet. VMPT_NO_FUNCTION: memory is short. */
uint32_t vmpt_functions_intern(struct vmpt_functions *functions,
                               const struct vmpf_function *function);

/* Says where a function's machine code came from, unless that is known. Where memory is short, it stays unknown. */
void vmpt_functions_set_module(struct vmpt_functions *functions, uint32_t index,
                               struct vmpf_string path);

/* Virtual frames belong to the VM's language: py, jit, vm. */
bool vmpt_kind_is_virtual(uint8_t kind);
/* "py", "jit", ...; "unknown" for what this version does not know. */
const char *vmpt_kind_name(uint8_t kind);
/* The kind of that name, or -1. */
int vmpt_kind_from_name(const char *name, size_t size_bytes);

#endif
