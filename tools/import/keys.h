/* keys.h: what a producer's key of a process stands for. Keys are given anew as memory is. */
#ifndef VMPROF_TOOLS_IMPORT_KEYS_H
#define VMPROF_TOOLS_IMPORT_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct import_keys {
    struct import_key {
        uint64_t process_id, key;
        uint32_t index; /* plus 1; 0: a slot that is free */
    } * slots;
    size_t slot_count, count;
};

void import_keys_fini(struct import_keys *keys);
/* What was set last; UINT32_MAX: nothing. */
uint32_t import_keys_get(const struct import_keys *keys, uint64_t process_id, uint64_t key);
/* index: less than UINT32_MAX. False: memory is short. */
bool import_keys_set(struct import_keys *keys, uint64_t process_id, uint64_t key, uint32_t index);

#endif
