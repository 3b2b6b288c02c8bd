#include <string.h>

#include "tools/symbolize/copy.h"

/* What was seen of a node: as the innermost frame, and as a caller. */
#define SEEN_LEAF 1u
#define SEEN_CALLER 2u

static bool ask(struct symz_names *names, const vmpf_reader *reader, uint32_t node, bool is_caller)
{
    struct vmpf_location location =
        vmpf_reader_location(reader, vmpf_reader_stack(reader, node).location);
    struct vmpf_function function = vmpf_reader_function(reader, location.function);
    struct symz_place place;
    uint64_t address = 0;
    if (!symz_lacks_name(&function, &address) || symz_is_kernel(address)) {
        return true;
    }
    const struct vmpf_info *info = vmpf_reader_info(reader, vmpf_reader_session(reader));
    return symz_find_place(names, reader, info, &function, is_caller, &place) &&
           symz_want(names, &place);
}

static bool collect_stack(struct symz_names *names, struct symz_seen *seen,
                          const vmpf_reader *reader, uint32_t stack)
{
    uint32_t count = vmpf_reader_stack_count(reader);
    uint8_t bit = SEEN_LEAF;
    for (uint32_t node = stack; node && node < count;) {
        if (seen->nodes[node] & bit) {
            break; /* and so were its callers */
        }
        seen->nodes[node] |= bit;
        if (!ask(names, reader, node, bit == SEEN_CALLER)) {
            return false;
        }
        bit = SEEN_CALLER;
        uint32_t parent = vmpf_reader_stack(reader, node).parent;
        node = parent < node ? parent : 0;
    }
    return true;
}

bool symz_collect(struct symz_names *names, struct symz_seen *seen, const vmpf_reader *reader,
                  const struct vmpf_block *block)
{
    uint32_t count = vmpf_reader_stack_count(reader);
    if (seen->epoch != vmpf_reader_epoch(reader) && seen->capacity) {
        memset(seen->nodes, 0, seen->capacity);
    }
    seen->epoch = vmpf_reader_epoch(reader);
    if (!vmpt_reserve(&seen->nodes, &seen->capacity, count, sizeof(*seen->nodes))) {
        return false;
    }
    for (size_t i = 0; i < block->count; i++) {
        if (!collect_stack(names, seen, reader, block->stack[i])) {
            return false;
        }
    }
    return true;
}
