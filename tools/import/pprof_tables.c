#include "tools/import/pprof_tables.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/analysis/memory.h"
#include "tools/import/words.h"

enum { TYPE_TYPE = 1, TYPE_UNIT = 2 };
enum { LOCATION_MAPPING = 2, LOCATION_ADDRESS = 3, LOCATION_LINE = 4 };
enum { LINE_FUNCTION = 1, LINE_LINE = 2 };
enum { FUNCTION_NAME = 2, FUNCTION_SYSTEM_NAME = 3, FUNCTION_FILE = 4, FUNCTION_START_LINE = 5 };
enum { MAPPING_FILE = 5 };
#define ID_FIELD 1 /* of functions, locations and mappings alike */

/* ---- tables by id ---------------------------------------------------------------------------------- */

static size_t slot_of(const struct pprof_table *table, uint64_t id)
{
    uint64_t hash = id * UINT64_C(0x9E3779B97F4A7C15);
    size_t at = (size_t)(hash >> 32) & (table->slot_count - 1);
    while (table->slots[at] && table->entries[table->slots[at] - 1].id != id) {
        at = (at + 1) & (table->slot_count - 1);
    }
    return at;
}

static bool index_table(struct pprof_table *table)
{
    table->slot_count = 16;
    while (table->slot_count < 2 * table->count) {
        table->slot_count *= 2;
    }
    table->slots = vmpt_array(table->slot_count, sizeof(*table->slots));
    for (size_t i = 0; table->slots && i < table->count; i++) {
        table->slots[slot_of(table, table->entries[i].id)] = (uint32_t)i + 1;
    }
    return table->slots != NULL;
}

/* NULL: there is none. */
static struct pprof_entry *find(const struct pprof_table *table, uint64_t id)
{
    uint32_t slot = id ? table->slots[slot_of(table, id)] : 0;
    return slot ? &table->entries[slot - 1] : NULL;
}

static bool add_entry(struct pprof_tables *tables, struct pprof_table *table, struct proto message)
{
    struct pprof_entry entry = {.message = message};
    struct proto_field field;
    while (proto_next(&message, &field)) {
        entry.id = field.number == ID_FIELD ? field.value : entry.id;
    }
    tables->broken = tables->broken || message.broken;
    if (!vmpt_reserve(&table->entries, &table->capacity, table->count + 1,
                      sizeof(*table->entries))) {
        return false;
    }
    table->entries[table->count++] = entry;
    return true;
}

/* The integer field `number` of a message; 0 where it is not there. */
static uint64_t integer_of(struct proto message, uint32_t number)
{
    struct proto_field field;
    uint64_t value = 0;
    while (proto_next(&message, &field)) {
        value = field.number == number && !field.is_bytes ? field.value : value;
    }
    return value;
}

struct vmpf_string pprof_string(const struct pprof_tables *tables, uint64_t index)
{
    return index < tables->string_count ? tables->strings[index] : (struct vmpf_string){"", 0};
}

/* ---- values and times ------------------------------------------------------------------------------ */

/* Our unit, and how many of it theirs is. */
static const char *unit_of(struct vmpf_string unit, uint64_t *scale)
{
    static const struct {
        const char *theirs, *ours;
        uint64_t scale;
    } units[] = {
        {"nanoseconds", "ns", 1},        {"ns", "ns", 1},
        {"microseconds", "ns", 1000},    {"us", "ns", 1000},
        {"milliseconds", "ns", 1000000}, {"ms", "ns", 1000000},
        {"seconds", "ns", 1000000000},   {"s", "ns", 1000000000},
        {"bytes", "bytes", 1},           {"B", "bytes", 1},
        {"kilobytes", "bytes", 1024},    {"megabytes", "bytes", 1048576},
    };
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (import_is_text(unit, units[i].theirs)) {
            *scale = units[i].scale;
            return units[i].ours;
        }
    }
    *scale = 1;
    return "count";
}

/* The name of a value; ":" ends one in our metadata. */
static bool add_value(const struct pprof_tables *tables, struct pprof_value *value,
                      struct import_made *made)
{
    struct vmpf_string name = pprof_string(tables, integer_of(value->type, TYPE_TYPE));
    struct vmpf_string unit = pprof_string(tables, integer_of(value->type, TYPE_UNIT));
    const char *ours = unit_of(unit, &value->scale);
    char text[51];
    size_t size = name.size_bytes < sizeof(text) - 1 ? name.size_bytes : sizeof(text) - 1;
    for (size_t k = 0; k < size; k++) {
        text[k] = name.data[k];
        if (text[k] == ':' || text[k] == '\0') {
            text[k] = '_';
        }
    }
    text[size] = '\0';
    return value->place >= VMPF_MAX_VALUES || import_add_value(made, size ? text : "value", ours);
}

/* The value that is shown unless another is asked for comes first: that with the name, else the last, as pprof itself has it. */
static bool add_values(struct pprof_tables *tables, uint64_t default_name, struct import_made *made)
{
    size_t count = tables->value_count;
    size_t first = count ? count - 1 : 0;
    for (size_t i = 0; i < count && default_name; i++) {
        if (integer_of(tables->values[i].type, TYPE_TYPE) == default_name) {
            first = i;
            break;
        }
    }
    for (size_t place = 0; place < count; place++) {
        size_t i = place == 0 ? first : place <= first ? place - 1 : place;
        tables->values[i].place = place;
        if (!add_value(tables, &tables->values[i], made)) {
            return false;
        }
    }
    return count > 0 || import_add_value(made, "value", "count");
}

static bool add_type(struct pprof_tables *tables, struct proto type)
{
    bool done = vmpt_reserve(&tables->values, &tables->value_capacity, tables->value_count + 1,
                             sizeof(*tables->values));
    if (done) {
        tables->values[tables->value_count++].type = type;
    }
    return done;
}

static bool read_types(struct pprof_tables *tables, struct proto profile, struct import_made *made)
{
    struct proto_field field;
    uint64_t period = 0;
    uint64_t default_name = 0;
    uint64_t scale;
    struct proto period_type = {0};
    bool done = true;
    while (done && proto_next(&profile, &field)) {
        switch (field.number) {
        case PPROF_SAMPLE_TYPE: done = add_type(tables, field.bytes); break;
        case PPROF_TIME_NANOS: made->info.start_unix_ns = field.value; break;
        case PPROF_DURATION_NANOS: made->info.end_ns = field.value; break;
        case PPROF_PERIOD_TYPE: period_type = field.bytes; break;
        case PPROF_PERIOD: period = field.value; break;
        case PPROF_DEFAULT_SAMPLE_TYPE: default_name = field.value; break;
        default: break;
        }
    }
    struct vmpf_string unit = pprof_string(tables, integer_of(period_type, TYPE_UNIT));
    if (period && strcmp(unit_of(unit, &scale), "ns") == 0 && period <= INT64_MAX / scale) {
        import_set_period(made, period * scale);
    }
    return done && add_values(tables, default_name, made);
}

bool pprof_tables_read(struct pprof_tables *tables, struct proto profile, struct import_made *made)
{
    struct proto left = profile;
    struct proto_field field;
    bool done = true;
    while (done && proto_next(&left, &field)) {
        switch (field.is_bytes ? field.number : 0) {
        case PPROF_MAPPING: done = add_entry(tables, &tables->mappings, field.bytes); break;
        case PPROF_LOCATION: done = add_entry(tables, &tables->locations, field.bytes); break;
        case PPROF_FUNCTION: done = add_entry(tables, &tables->functions, field.bytes); break;
        case PPROF_STRING:
            done = vmpt_reserve(&tables->strings, &tables->string_capacity,
                                tables->string_count + 1, sizeof(*tables->strings));
            if (done) {
                tables->strings[tables->string_count++] = (struct vmpf_string){
                    (const char *)field.bytes.at, (size_t)(field.bytes.end - field.bytes.at)};
            }
            break;
        default: break;
        }
    }
    return done && index_table(&tables->mappings) && index_table(&tables->locations) &&
           index_table(&tables->functions) && read_types(tables, profile, made);
}

void pprof_tables_fini(struct pprof_tables *tables)
{
    struct pprof_table *const all[] = {&tables->functions, &tables->locations, &tables->mappings};
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        free(all[i]->entries);
        free(all[i]->slots);
    }
    free(tables->strings);
    free(tables->frames);
    free(tables->values);
}

/* ---- locations ------------------------------------------------------------------------------------- */

static bool add_frame(struct pprof_tables *tables, struct import_made *made,
                      struct vmpf_function function, uint64_t line)
{
    function.kind = function.kind ? function.kind : import_kind_of_file(function.file);
    uint32_t id = import_function(made, &function);
    if (id == IMPORT_NO_ID || !vmpt_reserve(&tables->frames, &tables->frame_capacity,
                                            tables->frame_count + 1, sizeof(*tables->frames))) {
        return false;
    }
    tables->frames[tables->frame_count++] =
        (struct pprof_frame){id, line <= INT32_MAX ? (uint32_t)line : 0, function.kind};
    return true;
}

static struct vmpf_function function_of(const struct pprof_tables *tables, struct proto line)
{
    struct vmpf_function out = {.name = {"", 0}, .file = {"", 0}};
    const struct pprof_entry *entry = find(&tables->functions, integer_of(line, LINE_FUNCTION));
    if (!entry) {
        return out;
    }
    uint64_t first_line = integer_of(entry->message, FUNCTION_START_LINE);
    out.name = pprof_string(tables, integer_of(entry->message, FUNCTION_NAME));
    if (out.name.size_bytes == 0) {
        out.name = pprof_string(tables, integer_of(entry->message, FUNCTION_SYSTEM_NAME));
    }
    out.file = pprof_string(tables, integer_of(entry->message, FUNCTION_FILE));
    out.first_line = first_line <= INT32_MAX ? (uint32_t)first_line : 0;
    return out;
}

/* Code without a name: its address, in the file that was mapped there. */
static bool add_address(struct pprof_tables *tables, struct import_made *made,
                        struct proto location, uint64_t id)
{
    char name[32];
    uint64_t address = integer_of(location, LOCATION_ADDRESS);
    const struct pprof_entry *mapping =
        find(&tables->mappings, integer_of(location, LOCATION_MAPPING));
    int size = address ? snprintf(name, sizeof(name), "0x%" PRIx64, address)
                       : snprintf(name, sizeof(name), "location %" PRIu64, id);
    const struct vmpf_function function = {
        .name = {name, (size_t)size},
        .file = pprof_string(tables, mapping ? integer_of(mapping->message, MAPPING_FILE) : 0),
        .kind = VMPF_KIND_NATIVE,
        .address = address};
    return add_frame(tables, made, function, 0);
}

static bool add_lines(struct pprof_tables *tables, struct import_made *made, struct proto location)
{
    struct proto_field field;
    while (proto_next(&location, &field)) {
        if (field.number == LOCATION_LINE && field.is_bytes &&
            !add_frame(tables, made, function_of(tables, field.bytes),
                       integer_of(field.bytes, LINE_LINE))) {
            return false;
        }
    }
    return true;
}

const struct pprof_frame *pprof_frames(struct pprof_tables *tables, struct import_made *made,
                                       uint64_t location, size_t *count)
{
    struct pprof_entry *entry = find(&tables->locations, location);
    struct proto message = entry ? entry->message : (struct proto){0};
    size_t first = tables->frame_count;
    if (entry && entry->frame_count) {
        *count = entry->frame_count;
        return tables->frames + entry->first_frame;
    }
    if (!add_lines(tables, made, message) ||
        (tables->frame_count == first && !add_address(tables, made, message, location))) {
        return NULL;
    }
    *count = tables->frame_count - first;
    if (entry) {
        entry->first_frame = (uint32_t)first;
        entry->frame_count = (uint32_t)*count;
    }
    return tables->frames + first;
}
