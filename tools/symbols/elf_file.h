/* elf_file.h: an ELF file by libelf: what it says of itself and of its debug files. */
#ifndef VMPROF_TOOLS_SYMBOLS_ELF_FILE_H
#define VMPROF_TOOLS_SYMBOLS_ELF_FILE_H

#include <gelf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SYM_BUILD_ID_MAX 64

struct sym_elf {
    int fd;
    Elf *elf; /* NULL: not open */
    size_t section_count;
    size_t names; /* the section of the sections' names */
};

/* False: there is no such file (*exists), or it is no 64-bit ELF file of this byte order that is mapped as it is. */
bool sym_elf_open(struct sym_elf *file, const char *path, bool *exists);
/* The same of an image in memory, which must outlive file. */
bool sym_elf_open_memory(struct sym_elf *file, void *image, size_t size_bytes);
void sym_elf_close(struct sym_elf *file);

/* The size of the build id, 0 for none; out has room for SYM_BUILD_ID_MAX bytes. */
size_t sym_elf_build_id(const struct sym_elf *file, uint8_t *out);

/* A section by its name, with its contents; false: not there, or without contents. */
bool sym_elf_section(const struct sym_elf *file, const char *name, Elf_Data **data);

/* The address at which the byte of the file at `offset` is mapped, and back. */
bool sym_elf_address_of(const struct sym_elf *file, uint64_t offset, uint64_t *address);
bool sym_elf_offset_of(const struct sym_elf *file, uint64_t address, uint64_t *offset);

#endif
