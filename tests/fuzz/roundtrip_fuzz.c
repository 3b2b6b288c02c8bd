/* roundtrip_fuzz.c: what can be read of any bytes can be written again, is whole then, and says the same; and what is
 * written of that again is the same to the byte. */
#include "tests/fuzz/fuzz_profile.h"

#include <string.h>

static void must_be_whole(const struct fuzz_profile *profile)
{
    const struct vmpf_damage *damage = vmpf_reader_damage(profile->r);
    FUZZ_MUST(profile->status == VMPF_END);
    FUZZ_MUST(!damage->damaged && !damage->unfinished && damage->first.status == VMPF_OK);
    for (size_t i = 0; i < profile->session_count; i++) {
        FUZZ_MUST(vmpf_reader_info(profile->r, i)->finished);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_profile first;
    struct fuzz_profile second;
    struct fuzz_bytes written = {0};
    struct fuzz_bytes again = {0};
    /* Several blocks and epochs where there is enough to fill them. */
    uint32_t block_samples = 1 + (uint32_t)(size % 61);
    uint32_t epoch_max_nodes = 1 + (uint32_t)(size % 251);
    if (!fuzz_profile_read(&first, data, size)) {
        return 0;
    }
    fuzz_profile_write(&first, block_samples, epoch_max_nodes, &written);
    FUZZ_MUST(fuzz_profile_read(&second, written.data, written.size_bytes));
    must_be_whole(&second);
    FUZZ_MUST(fuzz_profile_equal(&first, &second));
    fuzz_profile_write(&second, block_samples, epoch_max_nodes, &again);
    FUZZ_MUST(again.size_bytes == written.size_bytes &&
              memcmp(again.data, written.data, again.size_bytes) == 0);
    fuzz_profile_free(&first);
    fuzz_profile_free(&second);
    fuzz_bytes_free(&written);
    fuzz_bytes_free(&again);
    return 0;
}
