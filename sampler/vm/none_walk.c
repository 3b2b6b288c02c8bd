#include "sampler/vm/none_walk.h"

vmps_walk_status vmps_none_walk(struct vmps_walk *walk)
{
    walk->frame_count = 0;
    return VMPS_WALK_OK;
}

bool vmps_none_describe(struct vmps_walk *walk, uint64_t code_address, struct vmps_code *code)
{
    (void)code_address;
    (void)code;
    walk->failure = "there is no interpreter";
    return false;
}
