#include "tools/symbols/find_files.h"

#include <libdeflate.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "tools/symbols/debug_paths.h"

#define VDSO_PATH "[vdso]"
#define VDSO_SIZE_BYTES 4096 /* no smaller; its sections lie in what its header says */

/* One search: what is looked for, and what came of it. */
struct seek {
    struct sym_elf *out;
    const uint8_t *build_id; /* that the file must have */
    size_t build_id_size;    /* 0: any */
    const struct vmpt_sym_inode
        *inode; /* that it must have, where there is no build id; NULL: any */
    int64_t recorded_by_unix_s;
    bool by_crc; /* the checksum decides */
    uint32_t crc;
    bool found_other;
    bool found_unreadable;
    char path[sizeof(((struct vmpt_sym_report *)0)->binary)]; /* found, or else refused */
};

static void keep_path(struct seek *seek, const char *path)
{
    (void)snprintf(seek->path, sizeof(seek->path), "%s", path);
}

/* .gnu_debuglink has the CRC of the whole file. */
static bool has_crc(const struct sym_elf *file, uint32_t wanted)
{
    struct stat status;
    if (fstat(file->fd, &status) != 0 || status.st_size <= 0) {
        return false;
    }
    size_t size = (size_t)status.st_size;
    void *bytes = mmap(NULL, size, PROT_READ, MAP_PRIVATE, file->fd, 0);
    if (bytes == MAP_FAILED) {
        return false;
    }
    uint32_t crc = libdeflate_crc32(0, bytes, size);
    (void)munmap(bytes, size);
    return crc == wanted;
}

/* A number is given to another file when the first one is gone, so a file that changed after the recording is not taken. */
static bool has_inode(const struct seek *seek, const struct sym_elf *file)
{
    struct stat status;
    bool there = fstat(file->fd, &status) == 0;
    return there && major(status.st_dev) == seek->inode->device_major &&
           minor(status.st_dev) == seek->inode->device_minor &&
           status.st_ino == seek->inode->number &&
           (seek->recorded_by_unix_s == 0 || status.st_ctime <= seek->recorded_by_unix_s);
}

static bool is_right(const struct seek *seek, const struct sym_elf *file)
{
    uint8_t id[SYM_BUILD_ID_MAX];
    size_t size = sym_elf_build_id(file, id);
    if (seek->by_crc) {
        /* Where both files have an id, that must not speak against it. */
        bool differs = size && seek->build_id_size &&
                       (size != seek->build_id_size || memcmp(id, seek->build_id, size) != 0);
        return !differs && has_crc(file, seek->crc);
    }
    if (seek->build_id_size == 0) {
        return !seek->inode || has_inode(seek, file);
    }
    return size == seek->build_id_size && memcmp(id, seek->build_id, size) == 0;
}

static bool visit(void *ctx, const char *path)
{
    struct seek *seek = ctx;
    struct sym_elf file;
    bool exists = false;
    if (!sym_elf_open(&file, path, &exists)) {
        if (exists && !seek->found_other) {
            seek->found_unreadable = true;
            keep_path(seek, path);
        }
        return false;
    }
    keep_path(seek, path);
    if (!is_right(seek, &file)) {
        sym_elf_close(&file);
        seek->found_other = true;
        return false;
    }
    *seek->out = file;
    return true;
}

static bool has_debug(const struct sym_elf *file)
{
    Elf_Data *data;
    return sym_elf_section(file, ".debug_info", &data) ||
           sym_elf_section(file, ".zdebug_info", &data);
}

/* ---- the binary ---------------------------------------------------------------------------------------- */

/* The kernel's page of code is a file that lies in memory only. Ours is the recorded one if the ids agree. */
static bool open_vdso(struct sym_elf *binary, const struct vmpt_sym_module *module)
{
    char *image = (char *)getauxval(AT_SYSINFO_EHDR); /* NOLINT(performance-no-int-to-ptr) */
    uint8_t id[SYM_BUILD_ID_MAX];
    Elf64_Ehdr header;
    if (!image) {
        return false;
    }
    memcpy(&header, image, sizeof(header));
    size_t size = header.e_shoff + (size_t)header.e_shnum * header.e_shentsize;
    if (!sym_elf_open_memory(binary, image, size > VDSO_SIZE_BYTES ? size : VDSO_SIZE_BYTES)) {
        return false;
    }
    size_t id_size = sym_elf_build_id(binary, id);
    if (id_size && id_size == module->build_id_size && memcmp(id, module->build_id, id_size) == 0) {
        return true;
    }
    sym_elf_close(binary);
    return false;
}

static enum vmpt_sym_verdict verdict_of(const struct seek *seek)
{
    return seek->found_other        ? VMPT_SYM_MISMATCHED
           : seek->found_unreadable ? VMPT_SYM_UNREADABLE
                                    : VMPT_SYM_MISSING;
}

static bool open_binary(struct sym_files *files, const struct vmpt_sym_search *search,
                        const struct vmpt_sym_module *module, struct vmpt_sym_report *report)
{
    struct seek seek = {.out = &files->binary,
                        .build_id = module->build_id,
                        .build_id_size = module->build_id_size,
                        .inode = search->trust_paths ? NULL : &module->inode,
                        .recorded_by_unix_s = search->recorded_by_unix_s};
    if (strcmp(module->path, VDSO_PATH) == 0) {
        bool found = open_vdso(&files->binary, module);
        report->verdict = found                   ? VMPT_SYM_MATCHED
                          : module->build_id_size ? VMPT_SYM_MISMATCHED
                                                  : VMPT_SYM_UNCHECKED;
        return found;
    }
    if (module->build_id_size == 0 && !search->trust_paths && !module->inode.is_known) {
        report->verdict = VMPT_SYM_UNCHECKED;
        return false;
    }
    bool found = sym_visit_binaries(search, module, visit, &seek);
    report->verdict = found ? VMPT_SYM_MATCHED : verdict_of(&seek);
    memcpy(report->binary, seek.path, sizeof(report->binary));
    return found;
}

/* ---- its debug information ----------------------------------------------------------------------------- */

/* The section is a name, NUL, zeros up to a multiple of four bytes, and the CRC. */
static bool read_link(const struct sym_elf *binary, const char **name, uint32_t *crc)
{
    Elf_Data *data;
    if (!sym_elf_section(binary, ".gnu_debuglink", &data)) {
        return false;
    }
    size_t length = strnlen(data->d_buf, data->d_size);
    size_t at = (length + 4) & ~(size_t)3;
    if (length == 0 || at > data->d_size || data->d_size - at < sizeof(*crc)) {
        return false;
    }
    *name = data->d_buf;
    memcpy(crc, (const char *)data->d_buf + at, sizeof(*crc));
    return !strchr(*name, '/');
}

static void open_debug(struct sym_files *files, const struct vmpt_sym_search *search,
                       struct vmpt_sym_report *report)
{
    uint8_t id[SYM_BUILD_ID_MAX];
    const char *link = NULL;
    struct seek seek = {.out = &files->debug, .build_id = id};
    seek.build_id_size = sym_elf_build_id(&files->binary, id);
    bool found =
        seek.build_id_size && sym_visit_by_build_id(search, id, seek.build_id_size, visit, &seek);
    if (!found && read_link(&files->binary, &link, &seek.crc)) {
        seek.by_crc = true;
        found = sym_visit_by_link(search, report->binary, link, visit, &seek);
    }
    report->debug_mismatched = !found && seek.found_other;
    report->debug_corrupt = !found && seek.found_unreadable;
    memcpy(report->debug_file, seek.path, sizeof(report->debug_file));
}

bool sym_files_open(struct sym_files *files, const struct vmpt_sym_search *search,
                    const struct vmpt_sym_module *module, struct vmpt_sym_report *report)
{
    memset(files, 0, sizeof(*files));
    files->binary.fd = -1;
    files->debug.fd = -1;
    if (!open_binary(files, search, module, report)) {
        return false;
    }
    files->binary_has_debug = has_debug(&files->binary);
    if (!files->binary_has_debug) {
        open_debug(files, search, report);
    }
    return true;
}

void sym_files_close(struct sym_files *files)
{
    sym_elf_close(&files->debug);
    sym_elf_close(&files->binary);
}

const struct sym_elf *sym_files_debug(const struct sym_files *files)
{
    return files->binary_has_debug ? &files->binary : files->debug.elf ? &files->debug : NULL;
}
