/* symbols.h: from an address in a file that machine code came from to its function, file and line, and to the functions
 * that the compiler put into that one, as frames.
 *
 * Nothing is guessed: a file whose build id is not the one that was recorded is refused, and so is one that cannot be
 * checked, unless the caller trusts paths. Where an inode was recorded in place of a build id, that decides. An address that no symbol and no line covers has no name.
 *
 * The files may be corrupt, and so reach bugs of the libraries that read them: vmpt_sym_resolve() reads them in a process of
 * its own, with a limit on its time and memory. What dies there costs the caller that file's names.
 */
#ifndef VMPROF_TOOLS_SYMBOLS_SYMBOLS_H
#define VMPROF_TOOLS_SYMBOLS_SYMBOLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tools/analysis/memory.h"

/* Where files are looked for, beside the path that was recorded. */
struct vmpt_sym_search {
    const char *const
        *debug_dirs; /* before the system's; may hold whole trees, .build-id folders, or files */
    size_t debug_dir_count;
    bool no_system;   /* neither /usr/lib/debug nor the cache of debuginfod */
    bool trust_paths; /* a module without a build id is taken to be the file of its path */
    int64_t recorded_by_unix_s; /* a file that changed later is not the mapped one; 0: not known */
};

/* Which file it was on the machine that it was mapped on: what old logs have in place of a build id. */
struct vmpt_sym_inode {
    bool is_known;
    uint32_t device_major;
    uint32_t device_minor;
    uint64_t number;
};

/* A file that was mapped: struct vmpf_module with text that ends in NUL. */
struct vmpt_sym_module {
    const char *path;
    const uint8_t *build_id;
    size_t build_id_size;
    struct vmpt_sym_inode inode; /* asked for only where there is no build id */
};

struct vmpt_sym_frame {
    const char *name;          /* for people: demangled */
    const char *linkage_name;  /* as the linker knows it */
    const char *file;          /* that `line` is of; "": not known */
    const char *declared_file; /* where the function begins; "": not known */
    uint32_t line;             /* 0: not known */
    uint32_t declared_line;
};

/* What one address is. */
struct vmpt_sym_result {
    uint64_t
        function_offset; /* where the outermost function begins, in the file; meaningless without frames */
    size_t frame_count; /* 0: nothing is known */
    struct vmpt_sym_frame
        *frames; /* innermost first; all but the last were inlined into the next */
};

enum vmpt_sym_verdict {
    VMPT_SYM_MATCHED,
    VMPT_SYM_MISSING,    /* no such file */
    VMPT_SYM_MISMATCHED, /* there are files, with other build ids, or inodes */
    VMPT_SYM_UNCHECKED,  /* neither was recorded, and paths are not trusted */
    VMPT_SYM_UNREADABLE, /* not ELF, not for 64 bits, or nothing can be read of it */
};

struct vmpt_sym_report {
    enum vmpt_sym_verdict verdict;
    bool has_lines;        /* there was debug information, and it was used */
    bool debug_mismatched; /* a debug file was there, and refused: not of this binary */
    bool debug_corrupt;    /* debug information was there that cannot be read, all or part of it */
    char binary[512];      /* what was read, or refused; "": none */
    char debug_file[512];  /* "": none but the binary itself */
};

/* Resolves offsets of the module's file, ascending. results[i] is of offsets[i]; their text is of arena.
 * False: memory is short, or no process could be made. Whatever else is wrong says report. */
bool vmpt_sym_resolve(const struct vmpt_sym_search *search, const struct vmpt_sym_module *module,
                      const uint64_t *offsets, size_t count, struct vmpt_arena *arena,
                      struct vmpt_sym_result *results, struct vmpt_sym_report *report);

/* The same in this process. with_lines false: symbol tables only. */
bool vmpt_sym_resolve_here(const struct vmpt_sym_search *search,
                           const struct vmpt_sym_module *module, const uint64_t *offsets,
                           size_t count, bool with_lines, struct vmpt_arena *arena,
                           struct vmpt_sym_result *results, struct vmpt_sym_report *report);

#endif
