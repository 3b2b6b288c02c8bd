#include "sampler/native/elf_symbols.h"

#include <elf.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_TABLE_BYTES (UINT64_C(1) << 28)
#define MAX_SECTIONS 4096u

/* The file is not trusted: it may have been replaced since it was loaded. */
struct file {
    int fd;
    Elf64_Ehdr header;
    Elf64_Shdr *sections;
    uint64_t lowest; /* address of the lowest segment, as linked */
};

static bool read_at(const struct file *file, uint64_t offset, void *buffer, uint64_t size_bytes)
{
    uint64_t done = 0;
    while (done < size_bytes) {
        ssize_t count =
            pread(file->fd, (char *)buffer + done, size_bytes - done, (off_t)(offset + done));
        if (count <= 0) {
            return false;
        }
        done += (uint64_t)count;
    }
    return true;
}

/* NULL: it cannot be had. A byte of 0 stands behind it. */
static char *read_piece(const struct file *file, uint64_t offset, uint64_t size_bytes)
{
    char *piece = size_bytes <= MAX_TABLE_BYTES ? calloc(1, size_bytes + 1) : NULL;
    if (piece == NULL || !read_at(file, offset, piece, size_bytes)) {
        free(piece);
        return NULL;
    }
    return piece;
}

static bool read_lowest(struct file *file)
{
    Elf64_Phdr segment;
    bool found = false;
    for (unsigned i = 0; i < file->header.e_phnum; i++) {
        uint64_t offset = file->header.e_phoff + (uint64_t)i * sizeof segment;
        if (!read_at(file, offset, &segment, sizeof segment)) {
            return false;
        }
        if (segment.p_type == PT_LOAD && (!found || segment.p_vaddr < file->lowest)) {
            file->lowest = segment.p_vaddr;
            found = true;
        }
    }
    return found;
}

static bool open_file(struct file *file, const char *path)
{
    memset(file, 0, sizeof *file);
    file->fd = open(path, O_RDONLY | O_CLOEXEC);
    if (file->fd < 0 || !read_at(file, 0, &file->header, sizeof file->header) ||
        memcmp(file->header.e_ident, ELFMAG, SELFMAG) != 0 ||
        file->header.e_ident[EI_CLASS] != ELFCLASS64 ||
        file->header.e_shentsize != sizeof(Elf64_Shdr) ||
        file->header.e_phentsize != sizeof(Elf64_Phdr) || file->header.e_shnum > MAX_SECTIONS) {
        return false;
    }
    file->sections = (Elf64_Shdr *)(void *)read_piece(
        file, file->header.e_shoff, (uint64_t)file->header.e_shnum * sizeof(Elf64_Shdr));
    return file->sections != NULL && read_lowest(file);
}

static void close_file(struct file *file)
{
    if (file->fd >= 0) {
        (void)close(file->fd);
    }
    free(file->sections);
}

static const Elf64_Shdr *find_section(const struct file *file, uint32_t type)
{
    for (unsigned i = 0; i < file->header.e_shnum; i++) {
        if (file->sections[i].sh_type == type && file->sections[i].sh_link < file->header.e_shnum &&
            file->sections[i].sh_entsize == sizeof(Elf64_Sym)) {
            return &file->sections[i];
        }
    }
    return NULL;
}

static bool hand_out(const struct file *file, const Elf64_Shdr *table, uint64_t begin,
                     vmps_symbol_fn each, void *context)
{
    const Elf64_Shdr *text = &file->sections[table->sh_link];
    char *symbols = read_piece(file, table->sh_offset, table->sh_size);
    char *names = read_piece(file, text->sh_offset, text->sh_size);
    for (uint64_t i = 0; symbols != NULL && names != NULL && i < table->sh_size / sizeof(Elf64_Sym);
         i++) {
        Elf64_Sym symbol;
        memcpy(&symbol, symbols + i * sizeof symbol, sizeof symbol);
        bool is_function = ELF64_ST_TYPE(symbol.st_info) == STT_FUNC;
        if (is_function && symbol.st_shndx != SHN_UNDEF && symbol.st_name < text->sh_size) {
            each(context, names + symbol.st_name, symbol.st_value - file->lowest + begin,
                 symbol.st_size);
        }
    }
    bool done = symbols != NULL && names != NULL;
    free(symbols);
    free(names);
    return done;
}

bool vmps_elf_symbols(const char *path, uint64_t begin, vmps_symbol_fn each, void *context)
{
    struct file file;
    bool done = false;
    if (open_file(&file, path)) {
        const Elf64_Shdr *table = find_section(&file, SHT_SYMTAB);
        table = table != NULL ? table : find_section(&file, SHT_DYNSYM);
        done = table != NULL && hand_out(&file, table, begin, each, context);
    }
    close_file(&file);
    return done;
}
