/* elf_symbols.h: the functions that a file's symbol table names. */
#ifndef VMPROF_SAMPLER_NATIVE_ELF_SYMBOLS_H
#define VMPROF_SAMPLER_NATIVE_ELF_SYMBOLS_H

#include <stdbool.h>
#include <stdint.h>

/* address is where the file is loaded when its lowest segment is at `begin`. */
typedef void (*vmps_symbol_fn)(void *context, const char *name, uint64_t address,
                               uint64_t size_bytes);

/* vmps_elf_symbols() hands out the functions of path. False: it has no table that can be read. */
bool vmps_elf_symbols(const char *path, uint64_t begin, vmps_symbol_fn each, void *context);

#endif
