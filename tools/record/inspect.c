#include "tools/record/inspect.h"

#include <elf.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool find_on_path(const char *program, char *found, size_t size_bytes)
{
    const char *path = getenv("PATH");

    while (path != NULL && *path != '\0') {
        size_t length = strcspn(path, ":");
        int written = snprintf(found, size_bytes, "%.*s%s%s", (int)length, path,
                               length == 0 ? "" : "/", program);
        if (written > 0 && (size_t)written < size_bytes && access(found, X_OK) == 0) {
            return true;
        }
        path += length;
        path += *path == ':';
    }
    return false;
}

/* A dynamic linker reads LD_PRELOAD; a file without one is alone. */
static bool is_static(int fd)
{
    Elf64_Ehdr header;
    Elf64_Phdr segment;

    if (pread(fd, &header, sizeof(header), 0) != (ssize_t)sizeof(header) ||
        memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 || header.e_ident[EI_CLASS] != ELFCLASS64 ||
        header.e_phentsize != sizeof(segment)) {
        return false;
    }
    for (unsigned i = 0; i < header.e_phnum; i++) {
        off_t offset = (off_t)(header.e_phoff + (Elf64_Off)i * sizeof(segment));
        if (pread(fd, &segment, sizeof(segment), offset) != (ssize_t)sizeof(segment) ||
            segment.p_type == PT_INTERP) {
            return false;
        }
    }
    return true;
}

const char *record_inspect(const char *program)
{
    char found[PATH_MAX];
    struct stat status;
    const char *why =
        "the sampler was not loaded into it, or it closed the descriptor of the profile";
    int fd;

    if (strchr(program, '/') == NULL) {
        if (!find_on_path(program, found, sizeof(found))) {
            return why;
        }
        program = found;
    }
    if (stat(program, &status) == 0 && (status.st_mode & (S_ISUID | S_ISGID)) != 0) {
        return "the program is setuid or setgid, so the system loads nothing else into it; run a "
               "copy without that bit";
    }
    fd = open(program, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return why;
    }
    if (is_static(fd)) {
        why =
            "the program is linked statically, so nothing can be loaded into it; use a build with "
            "shared libraries";
    }
    close(fd);
    return why;
}
