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

uint32_t vmps_pypy_functions_at(uint64_t block, uint64_t address, uint64_t *numbers, uint32_t skip,
                                uint32_t capacity)
{
    uint64_t data = vmps_load64(block + VMPS_PYPY_MAP_DATA);
    uint64_t words = vmps_load32(data + VMPS_PYPY_MAP_TABLE_WORDS);
    uint64_t table = vmps_load64(data + VMPS_PYPY_MAP_TABLE);
    int64_t offset = (int64_t)(address - vmps_load64(block + VMPS_PYPY_MAP_KEY));
    uint32_t count = 0;
    uint64_t at = 0;
    for (uint32_t steps = 0; at + VMPS_PYPY_MAP_ENTRY_WORDS <= words && steps < MAX_STEPS;
         steps++) {
        uint64_t entry = table + at * WORD_BYTES;
        if ((int64_t)vmps_load64(entry + WORD_BYTES) > offset) {
            break; /* the rest begins behind the byte */
        }
        if ((int64_t)vmps_load64(entry + 2ul * WORD_BYTES) <= offset) {
            at = vmps_load64(entry + 3ul * WORD_BYTES);
            continue;
        }
        uint64_t number = vmps_load64(entry);
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
