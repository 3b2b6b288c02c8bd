/* symbols_fuzz: corrupt ELF files, maps of JIT code, and what the process that reads files sends. An input that begins with
 * "W" is the last, one that is no ELF file a map.
 *
 * DWARF is left out: libdwarf 20210528 frees a damaged list of ranges twice. Ours reads it in a process of its own, and
 * tests/symbols/corrupt_test.py spoils it there.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tools/symbols/jit_map.h"
#include "tools/symbols/symbols.h"
#include "tools/symbols/wire.h"

#define ADDRESSES 96

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is found must be text that ends, and lines that belong to frames. */
static size_t read_all(const struct vmpt_sym_result *result)
{
    size_t length = 0;
    for (size_t i = 0; i < result->frame_count; i++) {
        const struct vmpt_sym_frame *frame = &result->frames[i];
        length += strlen(frame->name) + strlen(frame->linkage_name) + strlen(frame->file) +
                  strlen(frame->declared_file);
    }
    return length;
}

static void read_binary(const uint8_t *data, size_t size)
{
    char path[64];
    uint64_t offsets[ADDRESSES];
    struct vmpt_sym_result results[ADDRESSES];
    struct vmpt_sym_report report;
    struct vmpt_arena arena;
    int fd = memfd_create("fuzz", 0);
    if (fd < 0 || write(fd, data, size) != (ssize_t)size) {
        abort();
    }
    (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    const struct vmpt_sym_search search = {.no_system = true, .trust_paths = true};
    const struct vmpt_sym_module module = {.path = path};
    for (size_t i = 0; i < ADDRESSES; i++) {
        offsets[i] = size * i / ADDRESSES;
    }
    vmpt_arena_init(&arena);
    if (vmpt_sym_resolve_here(&search, &module, offsets, ADDRESSES, false, &arena, results,
                              &report)) {
        size_t length = 0;
        for (size_t i = 0; i < ADDRESSES; i++) {
            length += read_all(&results[i]);
        }
        __asm__ volatile("" : : "r"(length));
    }
    vmpt_arena_fini(&arena);
    (void)close(fd);
}

static void read_map(const uint8_t *data, size_t size)
{
    struct vmpt_jit_map map;
    vmpt_jit_map_init(&map);
    if (vmpt_jit_map_add(&map, data, size) && vmpt_jit_map_finish(&map)) {
        for (size_t i = 0; i < map.count; i++) {
            uint64_t begin = 0;
            const char *name = vmpt_jit_map_find(&map, map.codes[i].begin, &begin);
            if (name && begin > map.codes[i].begin) {
                abort();
            }
        }
    }
    vmpt_jit_map_fini(&map);
}

static void read_wire(const uint8_t *data, size_t size)
{
    struct sym_wire wire = {.size = size};
    struct vmpt_sym_result results[3];
    struct vmpt_sym_report report;
    struct vmpt_arena arena;
    wire.data = malloc(size + 1);
    if (!wire.data) {
        return;
    }
    memcpy(wire.data, data, size);
    vmpt_arena_init(&arena);
    if (sym_wire_take(&wire, &arena, &report, results, 3)) {
        size_t length = strlen(report.binary) + strlen(report.debug_file);
        for (size_t i = 0; i < 3; i++) {
            length += read_all(&results[i]);
        }
        __asm__ volatile("" : : "r"(length));
    }
    vmpt_arena_fini(&arena);
    free(wire.data);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size >= 1 && data[0] == 'W') {
        read_wire(data + 1, size - 1);
    } else if (size >= 4 && memcmp(data, "\177ELF", 4) == 0) {
        read_binary(data, size);
    } else {
        read_map(data, size);
    }
    return 0;
}
