/* facts.c: what inputs say about themselves, joined: what differs is not known. */
#include <stdlib.h>
#include <string.h>

#include "tools/analysis/holds.h"
#include "tools/analysis/profile.h"

static bool join_text(struct vmpt_profile *profile, struct vmpt_fact *fact, const char *text,
                      size_t size)
{
    if (fact->differs) {
        return true;
    }
    bool same =
        fact->text ? strlen(fact->text) == size && memcmp(fact->text, text, size) == 0 : size == 0;
    if (fact->seen && !same) {
        fact->text = NULL;
        fact->differs = true;
        return true;
    }
    if (!fact->seen && size) {
        fact->text = vmpt_arena_copy(&profile->strings, text, size);
        if (!fact->text) {
            return false;
        }
    }
    fact->seen = true;
    return true;
}

static bool join_meta(struct vmpt_profile *profile, struct vmpt_fact *fact,
                      const struct vmpf_info *info, const char *key)
{
    const struct vmpf_meta *meta = vmpf_info_meta(info, key);
    if (!meta || meta->type != VMPF_META_STRING || !meta->string.data) {
        return join_text(profile, fact, "", 0);
    }
    return join_text(profile, fact, meta->string.data, meta->string.size_bytes);
}

static uint64_t integer_of(const struct vmpf_info *info, const char *key)
{
    const struct vmpf_meta *meta = vmpf_info_meta(info, key);
    return meta && meta->type == VMPF_META_INTEGER ? meta->integer : 0;
}

/* How long the session was recorded. */
static uint64_t recorded_ns(const struct vmpf_info *info)
{
    uint64_t paused_ns = integer_of(info, VMPF_META_PAUSED_NS);
    return info->end_ns > paused_ns ? info->end_ns - paused_ns : 0;
}

static uint64_t add_limited(uint64_t a, uint64_t b)
{
    return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

bool vmpt_profile_add_facts(struct vmpt_profile *profile, const struct vmpt_feed *feed,
                            struct vmpt_input_facts *facts)
{
    size_t sessions = feed->ops->session_count(feed->ctx);
    feed->ops->format(feed->ctx, facts->format, sizeof(facts->format));
    profile->holds |= vmpt_feed_holds(feed);
    for (size_t i = 0; i < sessions; i++) {
        const struct vmpf_info *info = feed->ops->info(feed->ctx, i);
        if (!info) {
            continue;
        }
        uint64_t period_ns = integer_of(info, VMPF_META_PERIOD_NS);
        uint64_t start_ns = info->start_unix_ns;
        if (start_ns && (!profile->start_unix_ns || start_ns < profile->start_unix_ns)) {
            profile->start_unix_ns = start_ns;
        }
        if (!profile->interpreter.seen) {
            profile->period_ns = period_ns;
        } else if (profile->period_ns != period_ns) {
            profile->period_ns = 0;
        }
        if (!join_meta(profile, &profile->interpreter, info, VMPF_META_INTERPRETER) ||
            !join_meta(profile, &profile->interpreter_version, info,
                       VMPF_META_INTERPRETER_VERSION) ||
            !join_meta(profile, &profile->program, info, VMPF_META_PROGRAM)) {
            return false;
        }
        bool may_be_unknown = !info->finished || info->format == VMPF_FORMAT_LOG || start_ns == 0;
        if (info->samples && may_be_unknown && info->end_ns == 0) {
            profile->duration_unknown = true;
        }
        profile->duration_ns = add_limited(profile->duration_ns, recorded_ns(info));
        profile->lost_samples = add_limited(profile->lost_samples, info->lost_samples);
        facts->samples = add_limited(facts->samples, info->samples);
    }
    const struct vmpf_damage *damage = feed->ops->damage(feed->ctx);
    facts->caution = feed->ops->caution ? feed->ops->caution(feed->ctx) : NULL;
    if (damage) {
        facts->damage = *damage;
        profile->damaged = profile->damaged || damage->damaged;
        profile->lost_samples = add_limited(profile->lost_samples, damage->lost_samples);
    }
    return join_text(profile, &profile->format, facts->format, strlen(facts->format));
}

bool vmpt_thread_set_add(struct vmpt_thread_set *set, const struct vmpt_feed *feed,
                         const struct vmpt_tally *tally)
{
    uint32_t count = feed->ops->thread_count(feed->ctx);
    for (uint32_t id = 0; id < count && id < tally->thread_capacity; id++) {
        if (!tally->thread_seen[id]) {
            continue;
        }
        struct vmpf_thread thread = feed->ops->thread(feed->ctx, id);
        if (!vmpt_reserve(&set->items, &set->capacity, set->count + 1, sizeof(*set->items))) {
            return false;
        }
        set->items[set->count].process_id = thread.process_id;
        set->items[set->count].thread_id = thread.thread_id;
        set->count++;
    }
    return true;
}

static int compare_threads(const void *left, const void *right)
{
    const struct vmpt_thread_id *a = left;
    const struct vmpt_thread_id *b = right;
    if (a->process_id != b->process_id) {
        return a->process_id < b->process_id ? -1 : 1;
    }
    if (a->thread_id != b->thread_id) {
        return a->thread_id < b->thread_id ? -1 : 1;
    }
    return 0;
}

void vmpt_thread_set_count(struct vmpt_thread_set *set, size_t *threads, size_t *processes)
{
    *threads = *processes = set->count ? 1 : 0;
    if (set->count) {
        qsort(set->items, set->count, sizeof(*set->items), compare_threads);
    }
    for (size_t i = 1; i < set->count; i++) {
        if (set->items[i].process_id != set->items[i - 1].process_id) {
            ++*processes;
        }
        if (compare_threads(&set->items[i], &set->items[i - 1]) != 0) {
            ++*threads;
        }
    }
}
