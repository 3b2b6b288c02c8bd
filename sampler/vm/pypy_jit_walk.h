/* pypy_jit_walk.h: which functions an address in machine code of PyPy's JIT runs.
 *
 * PyPy keeps a skip list of the blocks of machine code by their addresses; each has a table of which function's
 * code covers which bytes, callers before what was inlined into them (rpython/jit/backend/llsupport:
 * codemap).
 *
 * Signal: safe, between the adapter's enter() and leave(). */
#ifndef VMPROF_SAMPLER_VM_PYPY_JIT_WALK_H
#define VMPROF_SAMPLER_VM_PYPY_JIT_WALK_H

#include <stdbool.h>
#include <stdint.h>

#define VMPS_PYPY_MAP_LEVELS 8u
#define VMPS_PYPY_MAP_KEY 0u
#define VMPS_PYPY_MAP_DATA 8u
#define VMPS_PYPY_MAP_NEXT 16u
/* Of the data: u32 bytes of code, u32 words of the table, the table's address. */
#define VMPS_PYPY_MAP_CODE_BYTES 0u
#define VMPS_PYPY_MAP_TABLE_WORDS 4u
#define VMPS_PYPY_MAP_TABLE 8u
/* An entry of the table: number, first byte, byte behind the last, where the next one outside of it is. */
#define VMPS_PYPY_MAP_ENTRY_WORDS 4u

/* vmps_pypy_block_at() finds the block that an address is in; 0: in none. */
uint64_t vmps_pypy_block_at(uint64_t code_map, uint64_t address);

/* vmps_pypy_functions_at() fills numbers with the functions that the byte at address of the block runs,
 * callers first: those from `skip` on, at most `capacity`. It returns how many there are in all. */
uint32_t vmps_pypy_functions_at(uint64_t block, uint64_t address, uint64_t *numbers, uint32_t skip,
                                uint32_t capacity);

/* vmps_pypy_function_before() finds the function whose activation a block is at a byte that no function's code covers:
 * the table ends a function before the machine code has returned from it. 0: the block has none at all. */
uint64_t vmps_pypy_function_before(uint64_t block, uint64_t address);

#endif
