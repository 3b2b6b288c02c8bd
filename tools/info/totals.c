#include "tools/info/totals.h"

#include <stdlib.h>
#include <string.h>

#include "tools/analysis/memory.h"

bool info_totals_add(struct info_totals *totals, uint32_t stack_count,
                     const struct vmpf_block *block)
{
    if (!vmpt_reserve(&totals->stacks, &totals->capacity, stack_count, sizeof(*totals->stacks))) {
        return false;
    }
    for (size_t i = 0; i < block->count; i++) {
        if (block->stack[i] >= stack_count) {
            continue;
        }
        uint64_t *left = totals->stacks[block->stack[i]].left;
        left[0]++;
        for (size_t k = 0; k < VMPF_MAX_VALUES && block->values[k]; k++) {
            left[1 + k] += block->values[k][i];
        }
    }
    return true;
}

/* Samples come one by one where stored totals are not used. */
static void take_away(struct info_totals *totals, uint32_t stack_count,
                      const struct vmpf_totals *piece, bool *stored)
{
    for (size_t i = 0; i < piece->count; i++) {
        if (piece->stack[i] >= stack_count) {
            continue;
        }
        struct info_difference *stack = &totals->stacks[piece->stack[i]];
        stack->stored = true;
        stack->left[0] -= piece->samples[i];
        *stored = *stored || piece->samples[i] > 1;
        for (size_t k = 0; k < VMPF_MAX_VALUES && piece->values[k]; k++) {
            stack->left[1 + k] -= piece->values[k][i];
        }
    }
}

static vmpf_status read_totals(struct info_totals *totals, vmpf_reader *reader,
                               uint32_t stack_count, struct vmpf_error *err)
{
    bool stored = false;
    for (;;) {
        struct vmpf_totals piece;
        memset(&piece, 0, sizeof(piece));
        vmpf_status status = vmpf_reader_next_totals(reader, &piece, err);
        if (status == VMPF_END) {
            /* With fewer tables the ids are others. */
            totals->compared = stored && vmpf_reader_stack_count(reader) == stack_count;
            return VMPF_OK;
        }
        if (status != VMPF_OK) {
            return status;
        }
        take_away(totals, stack_count, &piece, &stored);
    }
}

vmpf_status info_totals_compare(struct info_totals *totals, struct vmpf_source source,
                                uint32_t stack_count, struct vmpf_error *err)
{
    struct vmpf_reader_options options = {.size = sizeof(options), .totals = true};
    vmpf_reader *reader = NULL;
    vmpf_status status = vmpf_reader_open(&reader, source, &options, err);
    if (status != VMPF_OK) {
        return status;
    }
    if (!vmpt_reserve(&totals->stacks, &totals->capacity, stack_count, sizeof(*totals->stacks))) {
        vmpf_reader_close(reader);
        *err = (struct vmpf_error){.status = VMPF_E_NOMEM, .message = "not enough memory"};
        return VMPF_E_NOMEM;
    }
    status = read_totals(totals, reader, stack_count, err);
    vmpf_reader_close(reader);
    return status;
}

void info_totals_fini(struct info_totals *totals)
{
    free(totals->stacks);
    memset(totals, 0, sizeof(*totals));
}
