#include "tools/info/sums.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/analysis/memory.h"

#define LAST_BIT 63

static bool is_of_kind(const struct info_kind *kind, const struct vmpf_item *item)
{
    return kind->type == item->type &&
           (item->type != VMPF_ITEM_CHUNK || kind->kind == item->chunk.kind);
}

static struct info_kind *find_kind(struct info_sums *sums, const struct vmpf_item *item)
{
    for (size_t i = 0; i < sums->kind_count; i++) {
        if (is_of_kind(&sums->kinds[i], item)) {
            return &sums->kinds[i];
        }
    }
    if (!vmpt_reserve(&sums->kinds, &sums->kind_capacity, sums->kind_count + 1,
                      sizeof(*sums->kinds))) {
        return NULL;
    }
    struct info_kind *kind = &sums->kinds[sums->kind_count++];
    *kind = (struct info_kind){.type = item->type, .kind = item->chunk.kind};
    return kind;
}

static bool add_to_kind(struct info_sums *sums, const struct info_report *report,
                        const struct info_block *block)
{
    struct info_kind *kind = find_kind(sums, &block->item);
    if (!kind) {
        return false;
    }
    kind->count++;
    kind->stored_bytes += block->item.size_bytes;
    kind->raw_bytes += info_block_raw_bytes(report, block);
    if (info_block_counts(block)) {
        kind->entries += block->item.chunk.columns.count + block->item.chunk.meta_entries;
    }
    return true;
}

static struct info_column_sum *find_column(struct info_sums *sums, uint16_t kind, uint16_t id)
{
    for (size_t i = 0; i < sums->column_count; i++) {
        if (sums->columns[i].kind == kind && sums->columns[i].id == id) {
            return &sums->columns[i];
        }
    }
    if (!vmpt_reserve(&sums->columns, &sums->column_capacity, sums->column_count + 1,
                      sizeof(*sums->columns))) {
        return NULL;
    }
    struct info_column_sum *sum = &sums->columns[sums->column_count++];
    *sum = (struct info_column_sum){.kind = kind, .id = id};
    return sum;
}

static uint64_t bit(unsigned number)
{
    return UINT64_C(1) << (number < LAST_BIT ? number : LAST_BIT);
}

static bool add_columns(struct info_sums *sums, const struct info_report *report,
                        const struct info_block *block)
{
    for (size_t i = 0; i < block->item.chunk.columns.column_count; i++) {
        const struct vmpf_column_info *column = &report->columns[block->first_column + i].info;
        struct info_column_sum *sum = find_column(sums, block->item.chunk.kind, column->id);
        if (!sum) {
            return false;
        }
        sum->chunks++;
        sum->encodings |= bit(column->encoding);
        sum->codecs |= bit(column->codec);
        sum->raw_bytes += column->raw_bytes;
        sum->stored_bytes += column->stored_bytes;
    }
    return true;
}

static void list_names(char *out, uint64_t bits, const char *(*name_of)(uint8_t))
{
    size_t size = 0;
    out[0] = '\0';
    for (unsigned i = 0; i <= LAST_BIT && size < INFO_NAMES_BYTES; i++) {
        const char *name = name_of((uint8_t)i);
        char number[16];
        if (!(bits & bit(i))) {
            continue;
        }
        (void)snprintf(number, sizeof(number), i < LAST_BIT ? "%u" : "%u or more", i);
        int added = snprintf(out + size, INFO_NAMES_BYTES - size, "%s%s", size ? "," : "",
                             name ? name : number);
        size += added > 0 ? (size_t)added : 0;
    }
}

static int compare_numbers(uint32_t a, uint32_t b)
{
    return a < b ? -1 : a > b;
}

static int compare_kinds(const void *left, const void *right)
{
    const struct info_kind *a = left;
    const struct info_kind *b = right;
    int types = compare_numbers(a->type, b->type);
    return types ? types : compare_numbers(a->kind, b->kind);
}

static int compare_columns(const void *left, const void *right)
{
    const struct info_column_sum *a = left;
    const struct info_column_sum *b = right;
    int kinds = compare_numbers(a->kind, b->kind);
    return kinds ? kinds : compare_numbers(a->id, b->id);
}

bool info_sums_init(struct info_sums *sums, const struct info_report *report)
{
    memset(sums, 0, sizeof(*sums));
    for (size_t i = 0; i < report->session_count; i++) {
        sums->samples += info_session_samples(&report->sessions[i]);
    }
    for (size_t i = 0; i < report->block_count; i++) {
        const struct info_block *block = &report->blocks[i];
        sums->size_bytes += block->item.size_bytes;
        if (!add_to_kind(sums, report, block) || !add_columns(sums, report, block)) {
            return false;
        }
    }
    for (size_t i = 0; i < sums->column_count; i++) {
        struct info_column_sum *sum = &sums->columns[i];
        list_names(sum->encoding_names, sum->encodings, vmpf_encoding_name);
        list_names(sum->codec_names, sum->codecs, vmpf_codec_name);
    }
    if (sums->kind_count) {
        qsort(sums->kinds, sums->kind_count, sizeof(*sums->kinds), compare_kinds);
    }
    if (sums->column_count) {
        qsort(sums->columns, sums->column_count, sizeof(*sums->columns), compare_columns);
    }
    return true;
}

void info_sums_fini(struct info_sums *sums)
{
    free(sums->kinds);
    free(sums->columns);
    memset(sums, 0, sizeof(*sums));
}
