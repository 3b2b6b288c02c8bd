#include "sampler/vm/none.h"

#include "sampler/vm/none_walk.h"

static bool present(void)
{
    return true;
}

static vmps_status open_none(struct vmps_vm *vm, struct vmps_error *err)
{
    (void)vm;
    (void)err;
    return VMPS_OK;
}

static vmps_status check(const struct vmps_vm *vm, const struct vmps_known_frame *frames,
                         size_t frame_count, struct vmps_error *err)
{
    (void)vm;
    (void)frames;
    (void)frame_count;
    (void)err;
    return VMPS_OK;
}

static void close_none(struct vmps_vm *vm)
{
    (void)vm;
}

const struct vmps_vm_ops vmps_none_ops = {
    .title = "no interpreter",
    .present = present,
    .open = open_none,
    .check = check,
    .close = close_none,
    .walker = {.walk = vmps_none_walk, .describe = vmps_none_describe},
};
