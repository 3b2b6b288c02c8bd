#include "tests/fuzz/fuzz_profile.h"

#include <stdlib.h>
#include <string.h>

/* A fuzzer that asks for gigabytes, or copies for seconds, finds nothing else. A copy may have tables of several
 * epochs where its original had one: reading it has room to spare. */
#define MEMORY_LIMIT_BYTES (UINT64_C(128) << 20)
#define MAX_SAMPLES 20000u
#define MAX_NODES 100000u
#define MAX_THREADS 2048u

#define DIGEST_START UINT64_C(0x243F6A8885A308D3)

/* ---- digests --------------------------------------------------------------------------------------- */

static uint64_t mix_number(uint64_t digest, uint64_t number)
{
    digest = (digest ^ number) * UINT64_C(0xD6E8FEB86659FD93);
    return digest ^ (digest >> 32);
}

static uint64_t mix_string(uint64_t digest, struct vmpf_string string)
{
    digest = mix_number(digest, string.size_bytes);
    for (size_t i = 0; i < string.size_bytes; i++) {
        digest = (digest ^ (uint8_t)string.data[i]) * UINT64_C(1099511628211);
    }
    return mix_number(digest, 1);
}

static uint64_t mix_module(const vmpf_reader *r, uint64_t digest, uint32_t id)
{
    const struct vmpf_module module = vmpf_reader_module(r, id);
    digest = mix_string(mix_string(digest, module.path), module.build_id);
    digest = mix_number(mix_number(digest, module.address), module.size_bytes);
    return mix_number(mix_number(digest, module.file_offset), id != 0);
}

/* Not the address: a writer changes one that is taken [F-5.2-5]. */
static uint64_t mix_location(const vmpf_reader *r, uint64_t digest, uint32_t id)
{
    const struct vmpf_location location = vmpf_reader_location(r, id);
    const struct vmpf_function function = vmpf_reader_function(r, location.function);
    digest = mix_string(mix_string(digest, function.name), function.file);
    digest = mix_number(mix_number(digest, function.first_line), (uint64_t)function.kind);
    return mix_module(r, mix_number(digest, location.line), function.module);
}

/* "values" speaks of the samples, and can be read differently once they are gone. */
static bool is_free_key(struct vmpf_string key)
{
    return key.size_bytes > 0 && memchr(key.data, '\0', key.size_bytes) == NULL &&
           !(key.size_bytes == 6 && memcmp(key.data, "values", 6) == 0);
}

static uint64_t digest_metadata(const struct vmpf_info *info)
{
    uint64_t digest = DIGEST_START;
    for (size_t i = 0; i < info->meta_count; i++) {
        const struct vmpf_meta *meta = &info->meta[i];
        if (!is_free_key(meta->key)) {
            continue;
        }
        digest = mix_number(mix_string(digest, meta->key), (uint64_t)meta->type);
        if (meta->type == VMPF_META_STRING) {
            digest = mix_string(digest, meta->string);
        } else if (meta->type == VMPF_META_INTEGER) {
            digest = mix_number(digest, meta->integer);
        }
        for (size_t k = 0; meta->type == VMPF_META_LIST && k < meta->item_count; k++) {
            digest = mix_string(digest, meta->items[k]);
        }
    }
    for (size_t k = 0; info->samples > 0 && k < info->value_count; k++) {
        digest = mix_string(mix_string(digest, info->values[k].name), info->values[k].unit);
    }
    return digest;
}

/* ---- reading --------------------------------------------------------------------------------------- */

static vmpf_reader *open_reader(const void *data, size_t size_bytes)
{
    struct vmpf_source source;
    vmpf_reader *r = NULL;
    const struct vmpf_reader_options options = {.size = sizeof options,
                                                .memory_limit_bytes = MEMORY_LIMIT_BYTES};
    FUZZ_MUST(vmpf_source_open_memory(&source, data, size_bytes, NULL) == VMPF_OK);
    return vmpf_reader_open(&r, source, &options, NULL) == VMPF_OK ? r : NULL;
}

static void make_room(struct fuzz_profile *p, size_t more)
{
    if (more <= p->sample_capacity - p->sample_count) {
        return;
    }
    p->sample_capacity = (p->sample_count + more) * 2;
    p->samples = realloc(p->samples, p->sample_capacity * sizeof *p->samples);
    p->origins = realloc(p->origins, p->sample_capacity * sizeof *p->origins);
    FUZZ_MUST(p->samples != NULL && p->origins != NULL);
}

static void take_block(struct fuzz_profile *p, const struct vmpf_block *block)
{
    make_room(p, block->count);
    for (size_t i = 0; i < block->count; i++) {
        struct fuzz_sample *sample = &p->samples[p->sample_count];
        memset(sample, 0, sizeof *sample);
        sample->time_ns = block->time_ns[i];
        sample->flags = block->flags[i];
        for (size_t k = 0; k < VMPF_MAX_VALUES; k++) {
            sample->values[k] = block->values[k] == NULL ? 0 : block->values[k][i];
        }
        p->origins[p->sample_count++] =
            (struct fuzz_origin){.session = (uint32_t)vmpf_reader_session(p->r),
                                 .stack = block->stack[i],
                                 .thread = block->thread[i],
                                 .label = block->label[i]};
    }
}

static void digest_stacks(struct fuzz_profile *p)
{
    uint32_t count = vmpf_reader_stack_count(p->r);
    uint64_t *digests = calloc(count, sizeof *digests);
    FUZZ_MUST(digests != NULL);
    digests[0] = DIGEST_START;
    for (uint32_t i = 1; i < count; i++) {
        const struct vmpf_stack stack = vmpf_reader_stack(p->r, i);
        FUZZ_MUST(stack.parent < i);
        digests[i] = mix_location(p->r, digests[stack.parent], stack.location);
    }
    for (size_t i = 0; i < p->sample_count; i++) {
        FUZZ_MUST(p->origins[i].stack < count);
        p->samples[i].stack = digests[p->origins[i].stack];
    }
    free(digests);
}

static void digest_labels(struct fuzz_profile *p)
{
    uint32_t count = vmpf_reader_label_count(p->r);
    uint64_t *digests = calloc(count, sizeof *digests);
    FUZZ_MUST(digests != NULL);
    digests[0] = DIGEST_START;
    for (uint32_t i = 1; i < count; i++) {
        const struct vmpf_label label = vmpf_reader_label(p->r, i);
        FUZZ_MUST(label.parent < i);
        digests[i] = mix_string(mix_string(digests[label.parent], label.key), label.text);
        digests[i] = mix_number(digests[i], label.number);
    }
    for (size_t i = 0; i < p->sample_count; i++) {
        FUZZ_MUST(p->origins[i].label < count);
        p->samples[i].label = digests[p->origins[i].label];
    }
    free(digests);
}

/* Two entries may be one thread of the system. The last one's name is the name. false: too many threads. */
static bool name_threads(struct fuzz_profile *p)
{
    struct fuzz_origin last[MAX_THREADS];
    size_t count = 0;
    for (size_t i = p->sample_count; i-- > 0;) {
        const struct vmpf_thread thread = vmpf_reader_thread(p->r, p->origins[i].thread);
        size_t at = 0;
        while (at < count) {
            const struct vmpf_thread other = vmpf_reader_thread(p->r, last[at].thread);
            if (last[at].session == p->origins[i].session && other.thread_id == thread.thread_id &&
                other.process_id == thread.process_id) {
                break;
            }
            at++;
        }
        if (at == MAX_THREADS) {
            return false;
        }
        last[at] = at == count ? p->origins[i] : last[at];
        count += at == count ? 1 : 0;
        p->origins[i].thread = last[at].thread;
        p->samples[i].process_id = thread.process_id;
        p->samples[i].thread_id = thread.thread_id;
        p->samples[i].thread_name =
            mix_string(DIGEST_START, vmpf_reader_thread(p->r, last[at].thread).name);
    }
    return true;
}

static void take_sessions(struct fuzz_profile *p)
{
    p->session_count = vmpf_reader_session_count(p->r);
    p->sessions = calloc(p->session_count + 1, sizeof *p->sessions);
    FUZZ_MUST(p->sessions != NULL);
    for (size_t i = 0; i < p->session_count; i++) {
        const struct vmpf_info *info = vmpf_reader_info(p->r, i);
        p->sessions[i] = (struct fuzz_session){.start_unix_ns = info->start_unix_ns,
                                               .end_ns = info->end_ns,
                                               .samples = info->samples,
                                               .lost_samples = info->lost_samples,
                                               .metadata = digest_metadata(info)};
    }
}

bool fuzz_profile_read(struct fuzz_profile *out, const void *data, size_t size_bytes)
{
    struct vmpf_block block;
    bool small = true;
    *out = (struct fuzz_profile){.r = open_reader(data, size_bytes)};
    if (out->r == NULL) {
        return false;
    }
    do {
        out->status = vmpf_reader_next(out->r, &block, NULL);
        small = out->status != VMPF_OK || block.count <= MAX_SAMPLES - out->sample_count;
        if (small && out->status == VMPF_OK) {
            take_block(out, &block);
        }
    } while (small && out->status == VMPF_OK);
    if (!small || vmpf_reader_stack_count(out->r) > MAX_NODES ||
        vmpf_reader_label_count(out->r) > MAX_NODES || !name_threads(out)) {
        fuzz_profile_free(out);
        return false;
    }
    digest_stacks(out);
    digest_labels(out);
    take_sessions(out);
    return true;
}

void fuzz_profile_free(struct fuzz_profile *profile)
{
    vmpf_reader_close(profile->r);
    free(profile->samples);
    free(profile->origins);
    free(profile->sessions);
    *profile = (struct fuzz_profile){0};
}

bool fuzz_profile_equal(const struct fuzz_profile *a, const struct fuzz_profile *b)
{
    return a->session_count == b->session_count && a->sample_count == b->sample_count &&
           memcmp(a->sessions, b->sessions, a->session_count * sizeof *a->sessions) == 0 &&
           (a->sample_count == 0 ||
            memcmp(a->samples, b->samples, a->sample_count * sizeof *a->samples) == 0);
}
