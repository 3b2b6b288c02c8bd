#include <stdlib.h>

#include "tools/symbols/dwarf.h"

/* A list that is longer is that of a corrupt file. */
#define RANGES_MAX 1048576

/* What a linker threw away stands at 0, or at the end of all addresses. */
static void add(struct sym_dwarf *dwarf, struct sym_ranges *out, uint64_t begin, uint64_t end)
{
    if (begin == 0 || begin >= end || begin >= UINT64_MAX - 1) {
        return;
    }
    if (!vmpt_reserve(&out->items, &out->capacity, out->count + 1, sizeof(*out->items))) {
        dwarf->no_memory = true;
        return;
    }
    out->items[out->count++] = (struct sym_range){begin, end};
}

static void add_old_list(struct sym_dwarf *dwarf, Dwarf_Die die, Dwarf_Off offset, uint64_t base,
                         struct sym_ranges *out)
{
    Dwarf_Error error = NULL;
    Dwarf_Ranges *list = NULL;
    Dwarf_Signed count = 0;
    Dwarf_Unsigned size = 0;
    if (!sym_dwarf_ok(dwarf,
                      dwarf_get_ranges_a(dwarf->debug, offset, die, &list, &count, &size, &error),
                      &error)) {
        return;
    }
    for (Dwarf_Signed i = 0; i < count && i < RANGES_MAX; i++) {
        if (list[i].dwr_type == DW_RANGES_ADDRESS_SELECTION) {
            base = list[i].dwr_addr2;
        } else if (list[i].dwr_type == DW_RANGES_ENTRY) {
            add(dwarf, out, base + list[i].dwr_addr1, base + list[i].dwr_addr2);
        }
    }
    dwarf_ranges_dealloc(dwarf->debug, list, count);
}

static void add_new_entry(struct sym_dwarf *dwarf, Dwarf_Rnglists_Head head, Dwarf_Unsigned index,
                          struct sym_ranges *out)
{
    Dwarf_Error error = NULL;
    unsigned length = 0;
    unsigned code = 0;
    Dwarf_Unsigned raw[2];
    Dwarf_Unsigned cooked[2] = {0, 0};
    Dwarf_Bool unavailable = 0;
    int result =
        dwarf_get_rnglists_entry_fields_a(head, (unsigned)index, &length, &code, &raw[0], &raw[1],
                                          &unavailable, &cooked[0], &cooked[1], &error);
    bool is_range = code == DW_RLE_offset_pair || code == DW_RLE_startx_endx ||
                    code == DW_RLE_startx_length || code == DW_RLE_start_end ||
                    code == DW_RLE_start_length;
    if (sym_dwarf_ok(dwarf, result, &error) && is_range && !unavailable) {
        add(dwarf, out, cooked[0], cooked[1]);
    }
}

static void add_new_list(struct sym_dwarf *dwarf, Dwarf_Attribute attribute, Dwarf_Half form,
                         Dwarf_Unsigned where, struct sym_ranges *out)
{
    Dwarf_Error error = NULL;
    Dwarf_Rnglists_Head head = NULL;
    Dwarf_Unsigned count = 0;
    Dwarf_Unsigned offset = 0;
    if (!sym_dwarf_ok(
            dwarf,
            dwarf_rnglists_get_rle_head(attribute, form, where, &head, &count, &offset, &error),
            &error)) {
        return;
    }
    for (Dwarf_Unsigned i = 0; i < count && i < RANGES_MAX; i++) {
        add_new_entry(dwarf, head, i, out);
    }
    dwarf_dealloc_rnglists_head(head);
}

/* The number in DW_AT_ranges: before DWARF 4 a plain one, then a reference, in DWARF 5 perhaps an index. */
static bool list_place(struct sym_dwarf *dwarf, Dwarf_Attribute attribute, Dwarf_Half form,
                       Dwarf_Unsigned *where)
{
    Dwarf_Error error = NULL;
    bool is_number = form == DW_FORM_rnglistx || form == DW_FORM_data4 || form == DW_FORM_data8;
    int result = is_number ? dwarf_formudata(attribute, where, &error)
                           : dwarf_global_formref(attribute, where, &error);
    return sym_dwarf_ok(dwarf, result, &error);
}

static bool add_list(struct sym_dwarf *dwarf, Dwarf_Die die, uint64_t base, struct sym_ranges *out)
{
    Dwarf_Error error = NULL;
    Dwarf_Attribute attribute = NULL;
    Dwarf_Half form = 0;
    Dwarf_Half version = 0;
    Dwarf_Half offset_size = 0;
    Dwarf_Unsigned where = 0;
    if (!sym_dwarf_ok(dwarf, dwarf_attr(die, DW_AT_ranges, &attribute, &error), &error)) {
        return false;
    }
    if (sym_dwarf_ok(dwarf, dwarf_whatform(attribute, &form, &error), &error) &&
        list_place(dwarf, attribute, form, &where) &&
        dwarf_get_version_of_die(die, &version, &offset_size) == DW_DLV_OK) {
        if (version >= 5) {
            add_new_list(dwarf, attribute, form, where, out);
        } else {
            add_old_list(dwarf, die, where, base, out);
        }
    }
    dwarf_dealloc(dwarf->debug, attribute, DW_DLA_ATTR);
    return true;
}

static int by_begin(const void *left, const void *right)
{
    const struct sym_range *a = left;
    const struct sym_range *b = right;
    return a->begin < b->begin ? -1 : a->begin > b->begin;
}

bool sym_die_ranges(struct sym_dwarf *dwarf, Dwarf_Die die, uint64_t base, struct sym_ranges *out)
{
    Dwarf_Error error = NULL;
    Dwarf_Addr low = 0;
    Dwarf_Addr high = 0;
    Dwarf_Half form = 0;
    enum Dwarf_Form_Class class = DW_FORM_CLASS_UNKNOWN;
    out->count = 0;
    if (add_list(dwarf, die, base, out)) {
        if (out->count > 1) {
            qsort(out->items, out->count, sizeof(*out->items), by_begin);
        }
        return true;
    }
    if (!sym_dwarf_ok(dwarf, dwarf_lowpc(die, &low, &error), &error) ||
        !sym_dwarf_ok(dwarf, dwarf_highpc_b(die, &high, &form, &class, &error), &error)) {
        return false;
    }
    add(dwarf, out, low, class == DW_FORM_CLASS_CONSTANT ? low + high : high);
    return true;
}
