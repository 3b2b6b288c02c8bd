#include "sampler/core/slots.h"

#include <stdlib.h>
#include <sys/mman.h>

#define SCRATCH_BYTES (VMPS_MAX_FRAMES * sizeof(struct vmpf_row_frame))

bool vmps_slots_init(struct vmps_slots *slots, struct vmps_slot *all)
{
    slots->all = all;
    slots->free = calloc(VMPS_MAX_SLOTS, sizeof *slots->free);
    return slots->free != NULL;
}

void vmps_slots_fini(struct vmps_slots *slots)
{
    for (uint32_t i = 0; i < slots->fresh; i++) {
        if (slots->all[i].frames != NULL) {
            munmap(slots->all[i].frames, SCRATCH_BYTES);
        }
        if (slots->all[i].native_memory != NULL) {
            munmap(slots->all[i].native_memory, slots->native_bytes);
        }
    }
    free(slots->free);
    slots->free = NULL;
}

static void *map(size_t size_bytes)
{
    void *memory = mmap(NULL, size_bytes, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return memory != MAP_FAILED ? memory : NULL;
}

uint32_t vmps_slots_take(struct vmps_slots *slots)
{
    if (slots->free_count != 0) {
        return slots->free[--slots->free_count];
    }
    void *scratch = slots->fresh < VMPS_MAX_SLOTS ? map(SCRATCH_BYTES) : NULL;
    if (scratch == NULL) {
        return VMPS_MAX_SLOTS;
    }
    struct vmps_slot *slot = &slots->all[slots->fresh];
    slot->frames = scratch;
    /* Without it the thread's samples have no native frames. */
    slot->native_memory = slots->native_bytes != 0 ? map(slots->native_bytes) : NULL;
    return slots->fresh++;
}

void vmps_slots_add_totals(struct vmps_thread_totals *totals, const struct vmps_slot *slot)
{
    totals->samples += atomic_load(&slot->samples);
    totals->lost += atomic_load(&slot->lost);
    totals->cpu_ns += atomic_load(&slot->cpu_ns);
    totals->waited_ns += atomic_load(&slot->waited_ns);
}

void vmps_slots_give_back(struct vmps_slots *slots, uint32_t index)
{
    struct vmps_slot *slot = &slots->all[index];
    vmps_slots_add_totals(&slots->ended, slot);
    atomic_store(&slot->samples, 0);
    atomic_store(&slot->lost, 0);
    atomic_store(&slot->cpu_ns, 0);
    atomic_store(&slot->waited_ns, 0);
    atomic_store(&slot->last_frames, 0);
    slot->vm_memory = 0;
    slots->free[slots->free_count++] = index;
}
