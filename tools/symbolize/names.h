/* names.h: which addresses of a profile lack a name, and what they turn out to be. */
#ifndef VMPROF_TOOLS_SYMBOLIZE_NAMES_H
#define VMPROF_TOOLS_SYMBOLIZE_NAMES_H

#include <vmprof/vmpf.h>

#include "tools/symbolize/mapped.h"
#include "tools/symbols/jit_map.h"
#include "tools/symbols/symbols.h"

/* A file, or the code that a JIT made in a process; the places in it that somebody asked for. */
struct symz_module {
    struct vmpt_sym_module file; /* path "": JIT code */
    uint64_t process_id;         /* of JIT code */
    uint64_t *offsets;           /* ascending, each once, after symz_names_resolve() */
    size_t count;
    size_t capacity;
    struct vmpt_sym_result *results;
    struct vmpt_sym_report report;
};

struct symz_names {
    struct vmpt_arena arena;
    struct symz_mapped mapped; /* of the session that was asked for last */
    struct symz_module *modules;
    size_t module_count;
    size_t module_capacity;
    size_t last_module; /* that was asked for */
};

/* A place where code lies: a module of symz_names, and an offset in its file; in JIT code an address. */
struct symz_place {
    size_t module;
    uint64_t offset;
    uint64_t load_bias; /* what makes an address of the process of an offset */
};

/* Where JIT code is described. */
struct symz_jit {
    const char *const *files; /* that the user named */
    size_t file_count;
    bool use_own_map; /* the profile is of this machine: /tmp/perf-PID.map may be its process's */
    uint64_t not_before_unix_s; /* a map that is older is that of another process of that number */
};

void symz_names_init(struct symz_names *names);
void symz_names_fini(struct symz_names *names);

/* Whether a function of a profile is native, has an address, and lacks a name. *address: it. */
bool symz_lacks_name(const struct vmpf_function *function, uint64_t *address);
/* Where address lies. is_caller: it is where a call returns to, so what counts is the byte before. False: memory is short. */
bool symz_find_place(struct symz_names *names, const vmpf_reader *reader,
                     const struct vmpf_info *info, const struct vmpf_function *function,
                     bool is_caller, struct symz_place *out);
/* Asks for a place. False: memory is short. */
bool symz_want(struct symz_names *names, const struct symz_place *place);
/* Reads the modules' files. False: memory is short, or no process could be made. */
bool symz_names_resolve(struct symz_names *names, const struct vmpt_sym_search *search,
                        const struct symz_jit *jit);
/* What a place is; NULL: it was not asked for. */
const struct vmpt_sym_result *symz_find(const struct symz_names *names,
                                        const struct symz_place *place);

/* Code of the operating system: its own, or that which it maps into each process. */
bool symz_is_kernel(uint64_t address);
bool symz_is_vdso(const struct symz_module *module);

#endif
