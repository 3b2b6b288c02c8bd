#include "sampler/vm/pypy_jit_walk.h"

#include "sampler/signal/probe_sig.h"

#define WORD_BYTES 8u
/* More than there can be of anything: a list that was damaged ends all the same. */
#define MAX_STEPS (UINT32_C(1) << 20)

static uint64_t next_of(uint64_t node, uint32_t level)
{
    return vmps_load64(node + VMPS_PYPY_MAP_NEXT + (uint64_t)level * WORD_BYTES);
}

uint64_t vmps_pypy_block_at(uint64_t code_map, uint64_t address)
{
    uint64_t node = code_map;
    uint32_t steps = 0;
    for (uint32_t level = VMPS_PYPY_MAP_LEVELS; level-- > 0;) {
        uint64_t next = next_of(node, level);
        while (next != 0 && vmps_load64(next + VMPS_PYPY_MAP_KEY) <= address &&
               steps++ < MAX_STEPS) {
            node = next;
            next = next_of(node, level);
        }
    }
    if (node == code_map) {
        return 0;
    }
    uint64_t data = vmps_load64(node + VMPS_PYPY_MAP_DATA);
    uint64_t offset = address - vmps_load64(node + VMPS_PYPY_MAP_KEY);
    return offset < vmps_load32(data + VMPS_PYPY_MAP_CODE_BYTES) ? node : 0;
}

/* The table of a block, and the byte that is asked for. */
struct table {
    uint64_t entries, words;
    int64_t offset;
};

static struct table table_of(uint64_t block, uint64_t address)
{
    uint64_t data = vmps_load64(block + VMPS_PYPY_MAP_DATA);
    return (struct table){
        .entries = vmps_load64(data + VMPS_PYPY_MAP_TABLE),
        .words = vmps_load32(data + VMPS_PYPY_MAP_TABLE_WORDS),
        .offset = (int64_t)(address - vmps_load64(block + VMPS_PYPY_MAP_KEY)),
    };
}

static uint64_t word_of(const struct table *table, uint64_t at, uint64_t word)
{
    return vmps_load64(table->entries + (at + word) * WORD_BYTES);
}

uint32_t vmps_pypy_functions_at(uint64_t block, uint64_t address, uint64_t *numbers, uint32_t skip,
                                uint32_t capacity)
{
    const struct table table = table_of(block, address);
    uint32_t count = 0;
    uint64_t at = 0;
    for (uint32_t steps = 0; at + VMPS_PYPY_MAP_ENTRY_WORDS <= table.words && steps < MAX_STEPS;
         steps++) {
        if ((int64_t)word_of(&table, at, 1) > table.offset) {
            break; /* the rest begins behind the byte */
        }
        if ((int64_t)word_of(&table, at, 2) <= table.offset) {
            at = word_of(&table, at, 3);
            continue;
        }
        uint64_t number = word_of(&table, at, 0);
        at += VMPS_PYPY_MAP_ENTRY_WORDS;
        if (number == 0) {
            continue; /* a loop of the interpreter that is not of the language */
        }
        if (count >= skip && count - skip < capacity) {
            numbers[count - skip] = number;
        }
        count++;
    }
    return count;
}

uint64_t vmps_pypy_function_before(uint64_t block, uint64_t address)
{
    const struct table table = table_of(block, address);
    uint64_t found = 0, at = 0;
    for (uint32_t steps = 0; at + VMPS_PYPY_MAP_ENTRY_WORDS <= table.words && steps < MAX_STEPS;
         steps++) {
        uint64_t number = word_of(&table, at, 0);
        if (number != 0 && (found == 0 || (int64_t)word_of(&table, at, 1) <= table.offset)) {
            found = number;
        }
        at = number != 0 ? word_of(&table, at, 3) : at + VMPS_PYPY_MAP_ENTRY_WORDS;
    }
    return found;
}
