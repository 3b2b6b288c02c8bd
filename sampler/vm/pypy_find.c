/* pypy_find.c: where PyPy keeps what its own _vmprof knows. None of it has a symbol, and builds differ; so it is looked
 * for by what must be there while a function of ours runs, under a name that nothing else has. */
#include <string.h>
#include <unistd.h>

#include "sampler/vm/pypy_jit_walk.h"
#include "sampler/vm/pypy_resolve.h"

#define WORD_BYTES 8u
#define PAGE_BYTES 4096u
/* Entries of the list that may lie above that of the function: of the call that brought us here. */
#define NEAR_ENTRIES 8
#define MAX_BLOCKS 1000000u
#define MAX_CODE_BYTES (64u << 20)
#define MAX_TABLE_WORDS (1u << 24)

static bool is_buffer_with(struct vmps_probe *probe, uint64_t at, const char *prefix,
                           uint64_t *number)
{
    if (at == 0 || at % PAGE_BYTES != 0 ||
        !vmps_probe_readable(probe, at, VMPS_PYPY_BUFFER_BYTES)) {
        return false;
    }
    uint32_t used = vmps_load32(at);
    const struct vmps_pypy_wanted wanted = {.prefix = prefix};
    struct vmps_pypy_name name;
    return used <= VMPS_PYPY_BUFFER_BYTES - VMPS_PYPY_BUFFER_HEADER &&
           vmps_pypy_name_in((const uint8_t *)at + VMPS_PYPY_BUFFER_HEADER, used, &wanted, number,
                             &name);
}

/* The first of the array that a buffer is in: PyPy has variables for both. */
static uint64_t first_buffer(const struct vmps_pypy_vm *pypy, uint64_t buffer)
{
    const uint64_t reach = (uint64_t)(VMPS_PYPY_BUFFER_COUNT - 1) * VMPS_PYPY_BUFFER_BYTES;
    uint64_t first = buffer;
    for (uint64_t at = pypy->variables.begin; at + WORD_BYTES <= pypy->variables.end;
         at += WORD_BYTES) {
        uint64_t word = vmps_load64(at);
        if (word < first && word + reach >= buffer &&
            (buffer - word) % VMPS_PYPY_BUFFER_BYTES == 0) {
            first = word;
        }
    }
    return first;
}

/* The number of the newest name, of which PyPy has the buffer in a variable. */
static uint64_t find_buffers(struct vmps_pypy_vm *pypy)
{
    struct vmps_probe probe;
    uint64_t number = 0;
    memset(&probe, 0, sizeof probe);
    for (uint64_t at = pypy->variables.begin; at + WORD_BYTES <= pypy->variables.end;
         at += WORD_BYTES) {
        uint64_t word = vmps_load64(at);
        if (is_buffer_with(&probe, word, pypy->probe, &number)) {
            pypy->walk.names.buffers = first_buffer(pypy, word);
            return number;
        }
    }
    return 0;
}

/* Whether a word is the head of the list of this thread: among its first entries is the probe. */
static bool is_list_with(struct vmps_probe *probe, uint64_t entry, uint64_t number)
{
    for (int step = 0; step < NEAR_ENTRIES && entry != 0; step++) {
        if (entry % WORD_BYTES != 0 || !vmps_probe_readable(probe, entry, VMPS_PYPY_ENTRY_BYTES)) {
            return false;
        }
        if (vmps_load64(entry + VMPS_PYPY_ENTRY_KIND) == VMPS_PYPY_CODE &&
            vmps_load64(entry + VMPS_PYPY_ENTRY_VALUE) == number) {
            return true;
        }
        entry = vmps_load64(entry + VMPS_PYPY_ENTRY_NEXT);
    }
    return false;
}

static uint64_t thread_pointer(void)
{
    uint64_t pointer;
    __asm__("mov %%fs:0, %0" : "=r"(pointer));
    return pointer;
}

static uint64_t find_list(const struct vmps_pypy_vm *pypy, uint64_t number)
{
    struct vmps_probe probe;
    memset(&probe, 0, sizeof probe);
    uint64_t block = thread_pointer() + (uint64_t)pypy->walk.block_offset;
    if (vmps_load32(block) != VMPS_PYPY_READY) {
        return 0;
    }
    for (uint64_t at = WORD_BYTES; at + WORD_BYTES <= pypy->block_bytes; at += WORD_BYTES) {
        if (is_list_with(&probe, vmps_load64(block + at), number)) {
            return at;
        }
    }
    return 0;
}

bool vmps_pypy_runs_python(const struct vmps_pypy_vm *pypy)
{
    struct vmps_probe probe;
    memset(&probe, 0, sizeof probe);
    if (vmps_load32(pypy->main_block) != VMPS_PYPY_READY) {
        return false;
    }
    for (uint64_t at = WORD_BYTES; at + WORD_BYTES <= pypy->block_bytes; at += WORD_BYTES) {
        uint64_t entry = vmps_load64(pypy->main_block + at);
        if (entry % WORD_BYTES == 0 && vmps_probe_readable(&probe, entry, VMPS_PYPY_ENTRY_BYTES) &&
            vmps_load64(entry + VMPS_PYPY_ENTRY_KIND) == VMPS_PYPY_CODE) {
            return true;
        }
    }
    return false;
}

/* Whether a table is one of functions that the names know of; *has: it names number. */
static bool is_table(const struct vmps_pypy_vm *pypy, struct vmps_probe *probe, uint64_t table,
                     uint64_t words, uint64_t number, bool *has)
{
    if (words == 0) {
        return true;
    }
    if (words % VMPS_PYPY_MAP_ENTRY_WORDS != 0 || words > MAX_TABLE_WORDS ||
        !vmps_probe_readable(probe, table, words * WORD_BYTES)) {
        return false;
    }
    for (uint64_t at = 0; at < words; at += VMPS_PYPY_MAP_ENTRY_WORDS) {
        uint64_t code = vmps_load64(table + at * WORD_BYTES);
        struct vmps_pypy_name name;
        if (code != 0 && !vmps_pypy_name_find(&pypy->walk.names, probe, code, &name)) {
            return false;
        }
        *has = *has || code == number;
    }
    return true;
}

/* Whether the list from a head on is the map: blocks by rising address, each with a table; one of them has
 * the probe's loop. */
static bool is_map(const struct vmps_pypy_vm *pypy, struct vmps_probe *probe, uint64_t head,
                   uint64_t number)
{
    uint64_t before = 0;
    bool has = false;
    uint64_t node = vmps_load64(head + VMPS_PYPY_MAP_NEXT);
    for (uint32_t i = 0; node != 0 && i < MAX_BLOCKS; i++) {
        if (node % WORD_BYTES != 0 ||
            !vmps_probe_readable(probe, node, VMPS_PYPY_MAP_NEXT + WORD_BYTES)) {
            return false;
        }
        uint64_t key = vmps_load64(node + VMPS_PYPY_MAP_KEY);
        uint64_t data = vmps_load64(node + VMPS_PYPY_MAP_DATA);
        if (key <= before || !vmps_probe_readable(probe, data, 2ul * WORD_BYTES) ||
            vmps_load32(data + VMPS_PYPY_MAP_CODE_BYTES) > MAX_CODE_BYTES ||
            !is_table(pypy, probe, vmps_load64(data + VMPS_PYPY_MAP_TABLE),
                      vmps_load32(data + VMPS_PYPY_MAP_TABLE_WORDS), number, &has)) {
            return false;
        }
        before = key;
        node = vmps_load64(node + VMPS_PYPY_MAP_NEXT);
    }
    return has;
}

/* The head of the map has neither key nor data. */
static uint64_t find_map(const struct vmps_pypy_vm *pypy, uint64_t number)
{
    struct vmps_probe probe;
    memset(&probe, 0, sizeof probe);
    const uint64_t head_bytes = VMPS_PYPY_MAP_NEXT + VMPS_PYPY_MAP_LEVELS * WORD_BYTES;
    for (uint64_t at = pypy->variables.begin; at + head_bytes <= pypy->variables.end;
         at += WORD_BYTES) {
        if (vmps_load64(at + VMPS_PYPY_MAP_KEY) == 0 && vmps_load64(at + VMPS_PYPY_MAP_DATA) == 0 &&
            vmps_load64(at + VMPS_PYPY_MAP_NEXT) != 0 && is_map(pypy, &probe, at, number)) {
            return at;
        }
    }
    return 0;
}

static bool is_of_file(const struct vmps_pypy_name *name, const char *file)
{
    struct vmps_code code;
    memset(&code, 0, sizeof code);
    return vmps_pypy_name_split(name, &code) && code.file.size_bytes == strlen(file) &&
           memcmp(code.file.data, file, strlen(file)) == 0;
}

/* These are as old as PyPy itself: their names have been in the file for long. */
static void find_starters(struct vmps_pypy_vm *pypy)
{
    const struct vmps_pypy_names *names = &pypy->walk.names;
    struct vmps_probe probe;
    memset(&probe, 0, sizeof probe);
    vmps_pypy_names_read(names);
    for (uint64_t number = VMPS_PYPY_NUMBER_STEP; number < pypy->probe_number;
         number += VMPS_PYPY_NUMBER_STEP) {
        struct vmps_pypy_name name;
        if (atomic_load(&names->places[number / VMPS_PYPY_NUMBER_STEP]) != 0 &&
            pypy->walk.starter_count < VMPS_PYPY_MAX_STARTERS &&
            vmps_pypy_name_find(names, &probe, number, &name) &&
            is_of_file(&name, "<builtin>/app_main.py")) {
            pypy->walk.starters[pypy->walk.starter_count++] = number;
        }
    }
}

const char *vmps_pypy_find(struct vmps_pypy_vm *pypy)
{
    uint64_t number = find_buffers(pypy);
    if (number == 0) {
        return "the buffers of names";
    }
    pypy->probe_number = number;
    uint64_t list = find_list(pypy, number);
    if (list == 0) {
        return "the stack of a thread";
    }
    /* Without machine code, as under --jit off, there is none. */
    if (pypy->walk.enter() == 0) {
        pypy->walk.code_map = find_map(pypy, number);
    }
    pypy->walk.leave();
    find_starters(pypy);
    /* Last: from here on the walker walks. */
    atomic_thread_fence(memory_order_release);
    pypy->walk.list_offset = list;
    return NULL;
}
