/* symbol_table.h: the functions that symbol tables name, by address. */
#ifndef VMPROF_TOOLS_SYMBOLS_SYMBOL_TABLE_H
#define VMPROF_TOOLS_SYMBOLS_SYMBOL_TABLE_H

#include "tools/symbols/elf_file.h"

struct sym_symbol {
    uint64_t begin;
    uint64_t end;     /* behind the last byte that it covers */
    uint64_t limit;   /* where its section ends */
    const char *name; /* of the ELF file */
    uint32_t rank;    /* of several at one address: the least is shown */
};

struct sym_table {
    struct sym_symbol *symbols; /* by their beginning; of equal ones the shown one first */
    uint64_t *reach;            /* by index: the greatest end up to it */
    size_t count;
    size_t capacity;
};

/* Adds .symtab, or .dynsym where there is none. False: memory is short. Lifetime: file must stay open. */
bool sym_table_add(struct sym_table *table, const struct sym_elf *file);
/* To be called once, behind the last sym_table_add(). */
bool sym_table_finish(struct sym_table *table);
/* The innermost symbol that covers address, or NULL. */
const struct sym_symbol *sym_table_find(const struct sym_table *table, uint64_t address);
void sym_table_fini(struct sym_table *table);

#endif
