#include "tools/symbols/symbol_table.h"

#include <stdlib.h>
#include <string.h>

#include "tools/analysis/memory.h"

#define RANK_UNTYPED 64

/* Of aliases, the one that a program's author wrote: visible, without the underscores of a library's inside. */
static uint32_t rank_of(const GElf_Sym *symbol, const char *name)
{
    uint32_t binding = GELF_ST_BIND(symbol->st_info) == STB_GLOBAL ? 0
                       : GELF_ST_BIND(symbol->st_info) == STB_WEAK ? 1
                                                                   : 2;
    uint32_t underscores = (uint32_t)strspn(name, "_");
    return (GELF_ST_TYPE(symbol->st_info) == STT_NOTYPE ? RANK_UNTYPED : 0) + binding * 16 +
           (underscores < 15 ? underscores : 15);
}

static bool is_code(const struct sym_elf *file, const GElf_Sym *symbol, uint64_t *section_end)
{
    GElf_Shdr header;
    uint32_t type = GELF_ST_TYPE(symbol->st_info);
    bool is_typed = type == STT_FUNC || type == STT_GNU_IFUNC || type == STT_NOTYPE;
    if (!is_typed || symbol->st_shndx == SHN_UNDEF || symbol->st_shndx >= SHN_LORESERVE) {
        return false;
    }
    Elf_Scn *section = elf_getscn(file->elf, symbol->st_shndx);
    if (!section || !gelf_getshdr(section, &header) || !(header.sh_flags & SHF_EXECINSTR) ||
        symbol->st_value < header.sh_addr || symbol->st_value - header.sh_addr >= header.sh_size) {
        return false;
    }
    *section_end = header.sh_addr + header.sh_size;
    return *section_end > header.sh_addr;
}

static bool add_symbol(struct sym_table *table, const struct sym_elf *file, const GElf_Sym *symbol,
                       const char *name)
{
    uint64_t section_end = 0;
    if (!name || !name[0] || !is_code(file, symbol, &section_end)) {
        return true;
    }
    if (!vmpt_reserve(&table->symbols, &table->capacity, table->count + 1,
                      sizeof(*table->symbols))) {
        return false;
    }
    uint64_t room = section_end - symbol->st_value;
    uint64_t size = symbol->st_size < room ? symbol->st_size : room;
    table->symbols[table->count++] = (struct sym_symbol){
        .begin = symbol->st_value,
        .end = symbol->st_value + size,
        .limit = section_end,
        .name = name,
        .rank = rank_of(symbol, name),
    };
    return true;
}

static bool add_section(struct sym_table *table, const struct sym_elf *file, Elf_Scn *section,
                        const GElf_Shdr *header)
{
    Elf_Data *data = elf_getdata(section, NULL);
    size_t entry = gelf_fsize(file->elf, ELF_T_SYM, 1, EV_CURRENT);
    size_t count = data && data->d_buf && entry ? data->d_size / entry : 0;
    for (size_t i = 1; i < count && i < INT32_MAX; i++) {
        GElf_Sym symbol;
        if (gelf_getsym(data, (int)i, &symbol) &&
            !add_symbol(table, file, &symbol,
                        elf_strptr(file->elf, header->sh_link, symbol.st_name))) {
            return false;
        }
    }
    return true;
}

static bool add_type(struct sym_table *table, const struct sym_elf *file, uint32_t type)
{
    for (Elf_Scn *section = NULL; (section = elf_nextscn(file->elf, section));) {
        GElf_Shdr header;
        if (gelf_getshdr(section, &header) && header.sh_type == type &&
            !add_section(table, file, section, &header)) {
            return false;
        }
    }
    return true;
}

bool sym_table_add(struct sym_table *table, const struct sym_elf *file)
{
    size_t before = table->count;
    return add_type(table, file, SHT_SYMTAB) &&
           (table->count > before || add_type(table, file, SHT_DYNSYM));
}

static int by_address(const void *left, const void *right)
{
    const struct sym_symbol *a = left;
    const struct sym_symbol *b = right;
    if (a->begin != b->begin) {
        return a->begin < b->begin ? -1 : 1;
    }
    if (a->rank != b->rank) {
        return a->rank < b->rank ? -1 : 1;
    }
    size_t a_length = strlen(a->name);
    size_t b_length = strlen(b->name);
    return a_length != b_length ? (a_length < b_length ? -1 : 1) : strcmp(a->name, b->name);
}

/* Code written in assembly often says no size: it reaches to the next symbol, as debuggers have it, but only where nothing
 * else covers what lies between. */
static void give_sizes(struct sym_table *table)
{
    uint64_t next = 0;
    uint64_t following = 0;
    for (size_t i = table->count; i-- > 0;) {
        struct sym_symbol *symbol = &table->symbols[i];
        if (symbol->begin != next) {
            following = next;
            next = symbol->begin;
        }
        if (symbol->end == symbol->begin && symbol->rank < RANK_UNTYPED) {
            symbol->end = following && following < symbol->limit ? following : symbol->limit;
        }
    }
}

bool sym_table_finish(struct sym_table *table)
{
    table->reach = vmpt_array(table->count, sizeof(*table->reach));
    if (!table->reach) {
        return false;
    }
    if (table->count) {
        qsort(table->symbols, table->count, sizeof(*table->symbols), by_address);
    }
    give_sizes(table);
    for (size_t i = 0; i < table->count; i++) {
        uint64_t end = table->symbols[i].end;
        table->reach[i] = i && table->reach[i - 1] > end ? table->reach[i - 1] : end;
    }
    return true;
}

const struct sym_symbol *sym_table_find(const struct sym_table *table, uint64_t address)
{
    size_t low = 0;
    size_t high = table->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (table->symbols[middle].begin <= address) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    const struct sym_symbol *best = NULL;
    for (size_t i = low; i-- > 0 && table->reach[i] > address;) {
        const struct sym_symbol *symbol = &table->symbols[i];
        if (best && symbol->begin != best->begin) {
            break;
        }
        if (symbol->end > address) {
            best = symbol; /* the last that is found at one address is the first of its order */
        }
    }
    return best;
}

void sym_table_fini(struct sym_table *table)
{
    free(table->symbols);
    free(table->reach);
    memset(table, 0, sizeof(*table));
}
