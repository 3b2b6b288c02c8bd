/* Unwind tables: what they say becomes rows, and what is damaged becomes no row that lies outside. */
#include <link.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sampler/native/cfi.h"

/* Never called: what counts is what the assembler is told of it. Each label stands where a row begins. */
__asm__(
    ".text\n"
    ".type described, @function\n"
    "described:\n"
    ".cfi_startproc\n"
    "nop\n"
    "described_1: .cfi_def_cfa_offset 16\n"
    ".cfi_offset 6, -16\n"
    "nop\n"
    "described_2: .cfi_def_cfa_register 6\n"
    "nop\n"
    "described_3: .cfi_remember_state\n"
    ".cfi_def_cfa 7, 8\n"
    ".cfi_restore 6\n"
    "nop\n"
    "described_4: .cfi_restore_state\n"
    "nop\n"
    /* DW_CFA_def_cfa_expression: rbp - 8, dereferenced; DW_CFA_expression of rbp: at rbp + 0. */
    "described_5: .cfi_escape 0x0f, 0x03, 0x76, 0x78, 0x06\n"
    ".cfi_escape 0x10, 0x06, 0x02, 0x76, 0x00\n"
    "nop\n"
    "described_6: .cfi_def_cfa 10, 0\n"
    "nop\n"
    "described_7: .cfi_def_cfa 7, 24\n"
    ".cfi_register 6, 3\n"
    "nop\n"
    /* An expression that nobody expects. */
    "described_8: .cfi_escape 0x0f, 0x02, 0x77, 0x08\n"
    "nop\n"
    "described_9: .cfi_def_cfa 7, 8\n"
    ".cfi_same_value 6\n"
    ".cfi_undefined 16\n"
    "nop\n"
    ".cfi_endproc\n"
    "described_end:\n"
    "nop\n"
    ".size described, . - described\n");

extern const char described[], described_1[], described_2[], described_3[], described_4[],
    described_5[], described_6[], described_7[], described_8[], described_9[], described_end[];

struct expected {
    const char *place;
    int32_t cfa, rbp, cfa_offset, rbp_offset;
};

static const struct expected expected[] = {
    {described, VMPS_CFA_RSP, VMPS_RBP_SAME, 8, 0},
    {described_1, VMPS_CFA_RSP, VMPS_RBP_AT_CFA, 16, -16},
    {described_2, VMPS_CFA_RBP, VMPS_RBP_AT_CFA, 16, -16},
    {described_3, VMPS_CFA_RSP, VMPS_RBP_SAME, 8, 0},
    {described_4, VMPS_CFA_RBP, VMPS_RBP_AT_CFA, 16, -16},
    {described_5, VMPS_CFA_AT_RBP, VMPS_RBP_AT_RBP, -8, 0},
    {described_6, VMPS_CFA_UNKNOWN, VMPS_RBP_SAME, 0, 0},
    {described_7, VMPS_CFA_RSP, VMPS_RBP_LOST, 24, 0},
    {described_8, VMPS_CFA_UNKNOWN, VMPS_RBP_SAME, 0, 0},
    {described_9, VMPS_CFA_END, VMPS_RBP_SAME, 0, 0},
};

/* This program's own tables, where the loader has them. */
struct own {
    struct vmps_cfi cfi;
    uint8_t *header, *frames;
};

static uint8_t *copy(const void *from, size_t size_bytes)
{
    uint8_t *to = malloc(size_bytes);
    assert_non_null(to);
    memcpy(to, from, size_bytes);
    return to;
}

static int find_own(struct dl_phdr_info *info, size_t size, void *context)
{
    struct own *own = context;
    const ElfW(Phdr) *tables = NULL;
    (void)size;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *header = &info->dlpi_phdr[i];
        uint64_t begin = info->dlpi_addr + header->p_vaddr;
        if (header->p_type == PT_LOAD) {
            own->cfi.begin = own->cfi.begin == 0 ? begin : own->cfi.begin;
            own->cfi.end = begin + header->p_memsz;
        }
        tables = header->p_type == PT_GNU_EH_FRAME ? header : tables;
    }
    assert_non_null(tables);
    if (tables == NULL) {
        return 1;
    }
    own->cfi.header.address = info->dlpi_addr + tables->p_vaddr;
    own->cfi.header.size_bytes = tables->p_memsz;
    own->header = copy((const void *)own->cfi.header.address, tables->p_memsz);
    own->cfi.header.data = own->header;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *header = &info->dlpi_phdr[i];
        uint64_t begin = info->dlpi_addr + header->p_vaddr, frames;
        frames = vmps_cfi_frames_address(&own->cfi.header);
        if (header->p_type == PT_LOAD && frames >= begin && frames < begin + header->p_memsz) {
            own->cfi.frames.address = frames;
            own->cfi.frames.size_bytes = begin + header->p_memsz - frames;
            own->frames = copy((const void *)frames, own->cfi.frames.size_bytes);
            own->cfi.frames.data = own->frames;
        }
    }
    return 1;
}

static void open_own(struct own *own)
{
    memset(own, 0, sizeof *own);
    dl_iterate_phdr(find_own, own);
    assert_non_null(own->frames);
}

static void close_own(const struct own *own)
{
    free(own->header);
    free(own->frames);
}

static const struct vmps_unwind_row *row_at(const struct own *own, const struct vmps_cfi_rows *rows,
                                            uint64_t address)
{
    const struct vmps_unwind_row *found = NULL;
    for (size_t i = 0; i < rows->count && rows->rows[i].begin <= address - own->cfi.begin; i++) {
        found = &rows->rows[i];
    }
    return found;
}

static void test_rows(void **state)
{
    struct own own;
    struct vmps_cfi_rows rows = {0};
    (void)state;
    open_own(&own);
    assert_true(vmps_cfi_read(&own.cfi, &rows));
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
        const struct vmps_unwind_row *row =
            row_at(&own, &rows, (uint64_t)(uintptr_t)expected[i].place);
        assert_non_null(row);
        assert_int_equal(row->begin, (uint64_t)(uintptr_t)expected[i].place - own.cfi.begin);
        assert_int_equal(row->cfa, expected[i].cfa);
        assert_int_equal(row->rbp, expected[i].rbp);
        assert_int_equal(row->cfa_offset, expected[i].cfa_offset);
        assert_int_equal(row->rbp_offset, expected[i].rbp_offset);
    }
    uint64_t begin, end;
    assert_true(vmps_cfi_function(&own.cfi, (uint64_t)(uintptr_t)described_5, &begin, &end));
    assert_int_equal(begin, (uint64_t)(uintptr_t)described);
    assert_int_equal(end, (uint64_t)(uintptr_t)described_end);
    free(rows.rows);
    close_own(&own);
}

/* Whatever was read: rows rise, and lie inside. */
static void check_rows(const struct vmps_cfi *cfi)
{
    struct vmps_cfi_rows rows = {0};
    uint64_t begin, end;
    assert_true(vmps_cfi_read(cfi, &rows));
    for (size_t i = 0; i < rows.count; i++) {
        assert_true(i == 0 || rows.rows[i].begin > rows.rows[i - 1].begin);
        assert_true(rows.rows[i].begin <= cfi->end - cfi->begin);
        assert_true(rows.rows[i].cfa <= VMPS_CFA_END && rows.rows[i].rbp <= VMPS_RBP_LOST);
    }
    (void)vmps_cfi_function(cfi, cfi->begin + 4096, &begin, &end);
    free(rows.rows);
}

static uint64_t next_random(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

static void test_damaged(void **state)
{
    struct own own;
    uint64_t seed = 88172645463325252U;
    (void)state;
    open_own(&own);
    /* Most of what the last segment holds behind the tables is no table. */
    size_t used = own.cfi.frames.size_bytes < 4096 ? own.cfi.frames.size_bytes : 4096;
    for (int i = 0; i < 4000; i++) {
        size_t at = next_random(&seed) % used;
        uint8_t before = own.frames[at];
        own.frames[at] = (uint8_t)next_random(&seed);
        check_rows(&own.cfi);
        own.frames[at] = before;
    }
    for (size_t at = 0; at < own.cfi.header.size_bytes; at++) {
        uint8_t before = own.header[at];
        own.header[at] = (uint8_t)next_random(&seed);
        check_rows(&own.cfi);
        own.header[at] = before;
    }
    close_own(&own);
}

/* The copies are as large as they say, so that a sanitizer sees a byte that is read beyond. */
static void test_cut(void **state)
{
    struct own own;
    (void)state;
    open_own(&own);
    for (size_t size = 0; size < 2048 && size < own.cfi.frames.size_bytes; size++) {
        struct vmps_cfi cut = own.cfi;
        uint8_t *frames = copy(own.frames, size + 1);
        cut.frames.data = frames;
        cut.frames.size_bytes = size + 1;
        check_rows(&cut);
        free(frames);
    }
    for (size_t size = 0; size < own.cfi.header.size_bytes; size++) {
        struct vmps_cfi cut = own.cfi;
        uint8_t *header = copy(own.header, size + 1);
        cut.header.data = header;
        cut.header.size_bytes = size + 1;
        check_rows(&cut);
        free(header);
    }
    close_own(&own);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_damaged),
        cmocka_unit_test(test_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
