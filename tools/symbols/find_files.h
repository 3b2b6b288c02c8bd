/* find_files.h: the binary of a module, and the file that holds its debug information, each checked before it is used. */
#ifndef VMPROF_TOOLS_SYMBOLS_FIND_FILES_H
#define VMPROF_TOOLS_SYMBOLS_FIND_FILES_H

#include "tools/symbols/elf_file.h"
#include "tools/symbols/symbols.h"

struct sym_files {
    struct sym_elf binary;
    struct sym_elf
        debug; /* not open where the binary has its debug information itself, or none was found */
    bool binary_has_debug;
};

/* Opens what there is, and says in report what became of it. False: no binary; report->verdict says why. */
bool sym_files_open(struct sym_files *files, const struct vmpt_sym_search *search,
                    const struct vmpt_sym_module *module, struct vmpt_sym_report *report);
void sym_files_close(struct sym_files *files);
/* The file with the debug information, or NULL. */
const struct sym_elf *sym_files_debug(const struct sym_files *files);

#endif
