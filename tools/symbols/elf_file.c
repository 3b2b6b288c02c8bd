#include "tools/symbols/elf_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NOTE_NAME "GNU"

/* Objects that a linker has yet to place have no addresses of their own; core files have no symbols. */
static bool is_usable(struct sym_elf *file)
{
    GElf_Ehdr header;
    if (!file->elf || elf_kind(file->elf) != ELF_K_ELF || !gelf_getehdr(file->elf, &header)) {
        return false;
    }
    bool is_native = header.e_ident[EI_CLASS] == ELFCLASS64 &&
                     header.e_ident[EI_DATA] == ELFDATA2LSB &&
                     (header.e_type == ET_EXEC || header.e_type == ET_DYN);
    return is_native && elf_getshdrnum(file->elf, &file->section_count) == 0 &&
           (file->section_count == 0 || elf_getshdrstrndx(file->elf, &file->names) == 0);
}

bool sym_elf_open(struct sym_elf *file, const char *path, bool *exists)
{
    struct stat status;
    memset(file, 0, sizeof(*file));
    file->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    *exists = file->fd >= 0 || (errno != ENOENT && errno != ENOTDIR);
    if (file->fd < 0) {
        return false;
    }
    if (fstat(file->fd, &status) == 0 && S_ISREG(status.st_mode) &&
        elf_version(EV_CURRENT) != EV_NONE) {
        file->elf = elf_begin(file->fd, ELF_C_READ_MMAP, NULL);
    }
    if (!is_usable(file)) {
        sym_elf_close(file);
        return false;
    }
    return true;
}

bool sym_elf_open_memory(struct sym_elf *file, void *image, size_t size_bytes)
{
    memset(file, 0, sizeof(*file));
    file->fd = -1;
    file->elf = elf_version(EV_CURRENT) != EV_NONE ? elf_memory(image, size_bytes) : NULL;
    if (!is_usable(file)) {
        sym_elf_close(file);
        return false;
    }
    return true;
}

void sym_elf_close(struct sym_elf *file)
{
    if (file->elf) {
        (void)elf_end(file->elf);
        file->elf = NULL;
    }
    if (file->fd >= 0) {
        (void)close(file->fd);
        file->fd = -1;
    }
}

/* ---- build ids ----------------------------------------------------------------------------------------- */

static size_t build_id_in(Elf_Data *data, uint8_t *out)
{
    GElf_Nhdr note;
    size_t name_at;
    size_t bytes_at;
    size_t at = 0;
    while (data && data->d_buf && at < data->d_size) {
        size_t next = gelf_getnote(data, at, &note, &name_at, &bytes_at);
        if (next <= at) {
            break;
        }
        const char *bytes = data->d_buf;
        if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == sizeof(NOTE_NAME) &&
            memcmp(bytes + name_at, NOTE_NAME, sizeof(NOTE_NAME)) == 0 && note.n_descsz > 0 &&
            note.n_descsz <= SYM_BUILD_ID_MAX) {
            memcpy(out, bytes + bytes_at, note.n_descsz);
            return note.n_descsz;
        }
        at = next;
    }
    return 0;
}

static size_t build_id_of_sections(const struct sym_elf *file, uint8_t *out)
{
    size_t size = 0;
    for (Elf_Scn *section = NULL; size == 0 && (section = elf_nextscn(file->elf, section));) {
        GElf_Shdr header;
        if (gelf_getshdr(section, &header) && header.sh_type == SHT_NOTE) {
            size = build_id_in(elf_getdata(section, NULL), out);
        }
    }
    return size;
}

size_t sym_elf_build_id(const struct sym_elf *file, uint8_t *out)
{
    size_t size = build_id_of_sections(file, out);
    size_t count = 0;
    if (size || elf_getphdrnum(file->elf, &count) != 0) {
        return size;
    }
    /* A file whose section headers were taken away has its notes all the same. */
    for (size_t i = 0; i < count && i < INT32_MAX && size == 0; i++) {
        GElf_Phdr header;
        if (gelf_getphdr(file->elf, (int)i, &header) && header.p_type == PT_NOTE &&
            header.p_offset <= INT64_MAX) {
            size = build_id_in(elf_getdata_rawchunk(file->elf, (int64_t)header.p_offset,
                                                    header.p_filesz, ELF_T_NHDR),
                               out);
        }
    }
    return size;
}

/* ---- sections and segments ----------------------------------------------------------------------------- */

bool sym_elf_section(const struct sym_elf *file, const char *name, Elf_Data **data)
{
    for (Elf_Scn *section = NULL; (section = elf_nextscn(file->elf, section));) {
        GElf_Shdr header;
        const char *found = NULL;
        if (gelf_getshdr(section, &header)) {
            found = elf_strptr(file->elf, file->names, header.sh_name);
        }
        if (found && strcmp(found, name) == 0) {
            *data = header.sh_type == SHT_NOBITS ? NULL : elf_rawdata(section, NULL);
            return *data && (*data)->d_buf && (*data)->d_size > 0;
        }
    }
    return false;
}

static bool find_segment(const struct sym_elf *file, uint64_t at, bool by_address, GElf_Phdr *out)
{
    size_t count = 0;
    if (elf_getphdrnum(file->elf, &count) != 0) {
        return false;
    }
    for (size_t i = 0; i < count && i < INT32_MAX; i++) {
        if (gelf_getphdr(file->elf, (int)i, out) && out->p_type == PT_LOAD) {
            uint64_t begin = by_address ? out->p_vaddr : out->p_offset;
            if (at >= begin && at - begin < out->p_filesz) {
                return true;
            }
        }
    }
    return false;
}

bool sym_elf_address_of(const struct sym_elf *file, uint64_t offset, uint64_t *address)
{
    GElf_Phdr segment;
    bool found = find_segment(file, offset, false, &segment);
    *address = found ? offset - segment.p_offset + segment.p_vaddr : 0;
    return found;
}

bool sym_elf_offset_of(const struct sym_elf *file, uint64_t address, uint64_t *offset)
{
    GElf_Phdr segment;
    bool found = find_segment(file, address, true, &segment);
    *offset = found ? address - segment.p_vaddr + segment.p_offset : 0;
    return found;
}
