#include "libvmprof_fmt/src/reader/state.h"

#include "libvmprof_fmt/src/base/error.h"

void vmpfi_damage_note(vmpf_reader *r, const struct vmpf_error *error)
{
    r->damage.damaged = true;
    r->damages++;
    if (error != NULL && r->damage.first.status == VMPF_OK) {
        r->damage.first = *error;
    }
}

void vmpfi_damage_bytes(vmpf_reader *r, uint64_t bytes, const struct vmpf_error *error)
{
    if (bytes > 0) {
        vmpfi_damage_note(r, error);
        r->damage.lost_bytes += bytes;
    }
}

void vmpfi_damage_chunk(vmpf_reader *r, const struct vmpf_error *error)
{
    vmpfi_damage_note(r, error);
    r->damage.bad_chunks++;
}

void vmpfi_damage_samples(vmpf_reader *r, uint64_t samples, const struct vmpf_error *error)
{
    if (samples > 0) {
        vmpfi_damage_note(r, error);
        r->damage.lost_samples += samples;
        vmpfi_reader_current(r)->samples_lost = true;
    }
}

void vmpfi_damage_names(vmpf_reader *r, uint64_t offset, const char *rule)
{
    struct vmpf_error error;
    uint64_t names = r->tables.unknown - r->damage.unknown_names;
    if (names > 0) {
        vmpfi_fail(&error, VMPF_E_CORRUPT, offset, rule, "%llu entries of tables are missing here",
                   (unsigned long long)names);
        vmpfi_damage_note(r, &error);
        r->damage.unknown_names = r->tables.unknown;
    }
}

void vmpfi_damage_unfinished(vmpf_reader *r)
{
    vmpfi_damage_note(r, NULL);
    r->damage.unfinished = true;
}
