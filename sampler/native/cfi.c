#include "sampler/native/cfi.h"

#include "sampler/native/cfi_cursor.h"
#include "sampler/native/cfi_program.h"

#define HEADER_VERSION 1u
#define UDATA4 0x03u
#define DATAREL_SDATA4 0x3Bu
#define ENTRY_BYTES 8u
#define EXTENDED_LENGTH 0xFFFFFFFFu
#define RETURN_REGISTER 16u
#define OMITTED 0xFFu

/* The search table of the header: pairs of offsets from the header, of code and its description. */
struct table {
    const uint8_t *entries;
    uint64_t count;
    uint64_t base;
};

static struct vmps_cfi_cursor cursor_of(const struct vmps_cfi_bytes *bytes)
{
    return (struct vmps_cfi_cursor){
        .at = bytes->data,
        .end = bytes->data + bytes->size_bytes,
        .address = bytes->address,
    };
}

/* What stands before the table. */
static struct vmps_cfi_cursor read_header(const struct vmps_cfi_bytes *header, uint8_t encodings[4],
                                          uint64_t *frames)
{
    struct vmps_cfi_cursor cursor = cursor_of(header);
    for (int i = 0; i < 4; i++) {
        encodings[i] = (uint8_t)vmps_cfi_fixed(&cursor, 1);
    }
    cursor.bad |= encodings[0] != HEADER_VERSION;
    *frames = vmps_cfi_pointer(&cursor, encodings[1]);
    return cursor;
}

uint64_t vmps_cfi_frames_address(const struct vmps_cfi_bytes *header)
{
    uint8_t encodings[4];
    uint64_t frames;
    struct vmps_cfi_cursor cursor = read_header(header, encodings, &frames);
    return cursor.bad ? 0 : frames;
}

/* Linkers write the table in one encoding; without it there are no rows. */
static bool read_table(const struct vmps_cfi *cfi, struct table *table)
{
    uint8_t encodings[4];
    uint64_t frames;
    struct vmps_cfi_cursor cursor = read_header(&cfi->header, encodings, &frames);
    if (encodings[2] != UDATA4 || encodings[3] != DATAREL_SDATA4) {
        return false;
    }
    uint64_t count = vmps_cfi_fixed(&cursor, 4);
    uint64_t room = (uint64_t)(cursor.end - cursor.at) / ENTRY_BYTES;
    table->entries = cursor.at;
    table->count = count < room ? count : room;
    table->base = cfi->header.address;
    return !cursor.bad;
}

static uint64_t code_of(const struct table *table, uint64_t index)
{
    int32_t offset;
    memcpy(&offset, table->entries + index * ENTRY_BYTES, sizeof offset);
    return table->base + (uint64_t)(int64_t)offset;
}

static uint64_t description_of(const struct table *table, uint64_t index)
{
    int32_t offset;
    memcpy(&offset, table->entries + index * ENTRY_BYTES + sizeof offset, sizeof offset);
    return table->base + (uint64_t)(int64_t)offset;
}

/* The record at an address: its bytes behind the length. False: there is none. */
static bool open_record(const struct vmps_cfi *cfi, uint64_t address,
                        struct vmps_cfi_cursor *record)
{
    if (address < cfi->frames.address || address - cfi->frames.address >= cfi->frames.size_bytes) {
        return false;
    }
    *record = cursor_of(&cfi->frames);
    vmps_cfi_skip(record, address - cfi->frames.address);
    uint64_t length = vmps_cfi_fixed(record, 4);
    if (length == EXTENDED_LENGTH) {
        length = vmps_cfi_fixed(record, 8);
    }
    if (record->bad || length == 0 || length > (uint64_t)(record->end - record->at)) {
        return false;
    }
    record->end = record->at + length;
    return true;
}

static void read_augmentation(struct vmps_cfi_cursor *record, const char *letters,
                              struct vmps_cfi_common *common)
{
    uint64_t size = vmps_cfi_uleb(record);
    struct vmps_cfi_cursor data = *record;
    vmps_cfi_skip(record, size);
    data.end = record->at;
    data.bad |= record->bad;
    common->has_augmentation = true;
    for (; *letters != '\0' && !data.bad; letters++) {
        uint8_t encoding;
        switch (*letters) {
        case 'R': common->pointer_encoding = (uint8_t)vmps_cfi_fixed(&data, 1); break;
        case 'S': common->is_signal = true; break;
        case 'L': (void)vmps_cfi_fixed(&data, 1); break;
        case 'P':
            encoding = (uint8_t)vmps_cfi_fixed(&data, 1);
            if (encoding != OMITTED) {
                /* Where it is does not matter, its size does; what it is relative to does not count. */
                (void)vmps_cfi_pointer(&data, encoding & 0x0F);
            }
            break;
        default: record->bad = true; return;
        }
    }
    record->bad |= data.bad;
}

static bool read_common(const struct vmps_cfi *cfi, uint64_t address,
                        struct vmps_cfi_common *common)
{
    struct vmps_cfi_cursor record;
    memset(common, 0, sizeof *common);
    if (!open_record(cfi, address, &record) || vmps_cfi_fixed(&record, 4) != 0) {
        return false;
    }
    uint64_t version = vmps_cfi_fixed(&record, 1);
    const char *letters = (const char *)record.at;
    while (vmps_cfi_fixed(&record, 1) != 0 && !record.bad) {
    }
    common->code_align = vmps_cfi_uleb(&record);
    common->data_align = vmps_cfi_sleb(&record);
    uint64_t reg = version == 1 ? vmps_cfi_fixed(&record, 1) : vmps_cfi_uleb(&record);
    if (record.bad || (version != 1 && version != 3) || reg != RETURN_REGISTER) {
        return false;
    }
    if (letters[0] == 'z') {
        read_augmentation(&record, letters + 1, common);
    } else if (letters[0] != '\0') {
        return false;
    }
    common->program = record;
    return !record.bad;
}

/* The description at an address. *common_at and *common: the one that was read last. */
static bool read_description(const struct vmps_cfi *cfi, uint64_t address, uint64_t *common_at,
                             struct vmps_cfi_common *common,
                             struct vmps_cfi_description *description)
{
    struct vmps_cfi_cursor record;
    if (!open_record(cfi, address, &record)) {
        return false;
    }
    uint64_t here = record.address;
    uint64_t back = vmps_cfi_fixed(&record, 4);
    if (back == 0) {
        return false;
    }
    if (*common_at != here - back) {
        *common_at = read_common(cfi, here - back, common) ? here - back : 0;
    }
    if (*common_at == 0) {
        return false;
    }
    description->common = common;
    description->begin = vmps_cfi_pointer(&record, common->pointer_encoding);
    uint64_t size = vmps_cfi_pointer(&record, common->pointer_encoding & 0x0F);
    if (common->has_augmentation) {
        vmps_cfi_skip(&record, vmps_cfi_uleb(&record));
    }
    description->end = description->begin + size;
    description->program = record;
    return !record.bad && description->begin >= cfi->begin &&
           description->end > description->begin && description->end <= cfi->end;
}

bool vmps_cfi_read(const struct vmps_cfi *cfi, struct vmps_cfi_rows *out)
{
    struct table table;
    struct vmps_cfi_common common;
    struct vmps_cfi_description description;
    uint64_t common_at = 0;
    uint64_t next = cfi->begin;
    if (cfi->end - cfi->begin > UINT32_MAX || !read_table(cfi, &table)) {
        return true;
    }
    for (uint64_t i = 0; i < table.count; i++) {
        bool sound =
            read_description(cfi, description_of(&table, i), &common_at, &common, &description);
        /* The table is sorted, and no code has two descriptions: what breaks that is not believed. */
        if (!sound || description.begin < next || description.begin != code_of(&table, i)) {
            continue;
        }
        next = description.end;
        if (!vmps_cfi_run(&description, cfi->begin, out)) {
            return false;
        }
    }
    return true;
}

bool vmps_cfi_function(const struct vmps_cfi *cfi, uint64_t address, uint64_t *begin, uint64_t *end)
{
    struct table table;
    struct vmps_cfi_common common;
    struct vmps_cfi_description description;
    uint64_t common_at = 0;
    if (!read_table(cfi, &table)) {
        return false;
    }
    uint64_t low = 0, high = table.count;
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        if (code_of(&table, middle) <= address) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    if (low == 0 || !read_description(cfi, description_of(&table, low - 1), &common_at, &common,
                                      &description)) {
        return false;
    }
    *begin = description.begin;
    *end = description.end;
    return address >= description.begin && address < description.end;
}
