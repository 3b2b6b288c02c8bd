#include "tools/symbols/dwarf.h"

bool sym_dwarf_ok(struct sym_dwarf *dwarf, int result, Dwarf_Error *error)
{
    if (result == DW_DLV_ERROR) {
        dwarf->is_corrupt = true;
        if (*error) {
            dwarf_dealloc_error(dwarf->debug, *error);
            *error = NULL;
        }
    }
    return result == DW_DLV_OK;
}

void sym_die_free(struct sym_dwarf *dwarf, Dwarf_Die die)
{
    if (die) {
        dwarf_dealloc(dwarf->debug, die, DW_DLA_DIE);
    }
}

bool sym_die_number(struct sym_dwarf *dwarf, Dwarf_Die die, Dwarf_Half attribute, uint64_t *out)
{
    Dwarf_Error error = NULL;
    Dwarf_Attribute found = NULL;
    Dwarf_Unsigned value = 0;
    Dwarf_Signed signed_value = 0;
    if (!sym_dwarf_ok(dwarf, dwarf_attr(die, attribute, &found, &error), &error)) {
        return false;
    }
    int result = dwarf_formudata(found, &value, &error);
    if (result == DW_DLV_ERROR) {
        /* Numbers that are not negative may be stored as signed ones all the same. */
        dwarf_dealloc_error(dwarf->debug, error);
        error = NULL;
        result = dwarf_formsdata(found, &signed_value, &error);
        value = (Dwarf_Unsigned)signed_value;
    }
    dwarf_dealloc(dwarf->debug, found, DW_DLA_ATTR);
    *out = value;
    return sym_dwarf_ok(dwarf, result, &error) && signed_value >= 0;
}

bool sym_die_reference(struct sym_dwarf *dwarf, Dwarf_Die die, Dwarf_Half attribute, Dwarf_Off *out)
{
    Dwarf_Error error = NULL;
    Dwarf_Attribute found = NULL;
    Dwarf_Half form = 0;
    if (!sym_dwarf_ok(dwarf, dwarf_attr(die, attribute, &found, &error), &error)) {
        return false;
    }
    bool is_here = sym_dwarf_ok(dwarf, dwarf_whatform(found, &form, &error), &error) &&
                   form != DW_FORM_GNU_ref_alt && form != DW_FORM_ref_sup4 &&
                   form != DW_FORM_ref_sup8 && form != DW_FORM_ref_sig8;
    bool done = is_here && sym_dwarf_ok(dwarf, dwarf_global_formref(found, out, &error), &error);
    dwarf_dealloc(dwarf->debug, found, DW_DLA_ATTR);
    return done;
}
