/* groups.c: the stacks of one feed, put below nodes for threads, processes or values of a label. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/analysis/groups.h"
#include "tools/analysis/memory.h"
#include "tools/analysis/profile.h"

#define ID_BYTES 40
/* Of what a group is called; a thread's name may be longer than a command line is worth. */
#define LIMIT_BYTES 256
#define COMMAND_BYTES 80
#define NAME_BYTES (LIMIT_BYTES + ID_BYTES)

struct groups {
    struct vmpt_profile *profile;
    const struct vmpt_feed *feed;
    enum vmpt_group by;
    struct vmpt_nodes *out;
    uint32_t *stamps; /* by node of the profile: 1 + the thread that made[] is of */
    uint32_t *made;   /* nodes of out */
    uint32_t *path;   /* room for all nodes */
};

static int by_thread(const void *left, const void *right)
{
    const struct vmpt_tally_pair *a = left;
    const struct vmpt_tally_pair *b = right;
    if (a->thread != b->thread) {
        return a->thread < b->thread ? -1 : 1;
    }
    return (a->node > b->node) - (a->node < b->node);
}

/* A name that grows at its end. */
struct group_name {
    char text[NAME_BYTES];
    size_t size;
};

/* As much of data as limit allows. */
static void add_text(struct group_name *name, size_t limit, const char *data, size_t size)
{
    size_t room = limit > name->size ? limit - name->size : 0;
    size_t taken = size < room ? size : room;
    while (taken < size && taken > 0 && ((uint8_t)data[taken] & 0xC0) == 0x80) {
        taken--; /* no part of a character */
    }
    for (size_t i = 0; i < taken; i++) {
        /* A program on the command line has lines. */
        name->text[name->size++] =
            (char)(data[i] == '\n' && limit == COMMAND_BYTES ? ' ' : data[i]);
    }
}

/* Behind a blank where something stands there. */
static void add_word(struct group_name *name, size_t limit, const char *data, size_t size)
{
    if (name->size && name->size < limit) {
        name->text[name->size++] = ' ';
    }
    add_text(name, limit, data, size);
}

/* The last session of the process: what it became by exec. NULL: none says that it is of this process. */
static const struct vmpf_info *session_of(const struct vmpt_feed *feed, uint64_t process_id)
{
    for (size_t i = feed->ops->session_count(feed->ctx); i-- > 0;) {
        const struct vmpf_info *info = feed->ops->info(feed->ctx, i);
        const struct vmpf_meta *id = info ? vmpf_info_meta(info, VMPF_META_PROCESS_ID) : NULL;
        if (id && id->type == VMPF_META_INTEGER && id->integer == process_id) {
            return info;
        }
    }
    return NULL;
}

/* What the process ran, where a session of its own says so: the program, without its folder, and what it was given. */
static void add_command(struct group_name *name, const struct vmpt_feed *feed, uint64_t process_id)
{
    const struct vmpf_info *info = session_of(feed, process_id);
    const struct vmpf_meta *program = info ? vmpf_info_meta(info, VMPF_META_PROGRAM) : NULL;
    const struct vmpf_meta *arguments = info ? vmpf_info_meta(info, VMPF_META_ARGUMENTS) : NULL;
    if (!program || program->type != VMPF_META_STRING || !program->string.size_bytes) {
        return;
    }
    const char *text = program->string.data;
    size_t size = program->string.size_bytes;
    const char *slash = memrchr(text, '/', size);
    size_t skipped = slash ? (size_t)(slash + 1 - text) : 0;
    add_word(name, COMMAND_BYTES, text + skipped, size - skipped);
    for (size_t k = 0; arguments && k < arguments->item_count; k++) {
        add_word(name, COMMAND_BYTES, arguments->items[k].data, arguments->items[k].size_bytes);
    }
}

/* "python3 x.py [123]", "process [123]"; "MainThread [123]", "thread [123]". */
static void set_name(struct group_name *name, const struct groups *groups,
                     const struct vmpf_thread *thread)
{
    bool of_process = groups->by == VMPT_GROUP_PROCESSES;
    name->size = 0;
    if (of_process) {
        add_command(name, groups->feed, thread->process_id);
    } else if (thread->name.data) {
        add_word(name, LIMIT_BYTES, thread->name.data, thread->name.size_bytes);
    }
    if (name->size == 0) {
        const char *unnamed = of_process ? "process" : "thread";
        add_word(name, LIMIT_BYTES, unnamed, strlen(unnamed));
    }
    int added = snprintf(name->text + name->size, ID_BYTES, " [%" PRIu64 "]",
                         of_process ? thread->process_id : thread->thread_id);
    name->size += (size_t)added;
}

/* VMPT_NO_FUNCTION: memory is short. */
static uint32_t make_group(struct vmpt_functions *functions, const struct group_name *name)
{
    struct vmpf_function function = {.name = {name->text, name->size}};
    uint32_t made = vmpt_functions_intern(functions, &function);
    if (made != VMPT_NO_FUNCTION) {
        functions->items[made].is_group = true;
    }
    return made;
}

uint32_t vmpt_label_group(struct vmpt_functions *functions, const char *key,
                          const struct vmpf_label *label)
{
    struct group_name name = {.size = 0};
    char number[ID_BYTES];
    if (!label) {
        add_text(&name, LIMIT_BYTES, "<no ", 4);
        add_text(&name, LIMIT_BYTES, key, strlen(key));
        add_text(&name, NAME_BYTES, ">", 1);
        return make_group(functions, &name);
    }
    int digits = snprintf(number, sizeof(number), "%" PRIu64, label->number);
    bool is_text = label->text.size_bytes != 0;
    add_text(&name, LIMIT_BYTES, key, strlen(key));
    add_text(&name, LIMIT_BYTES, "=", 1);
    add_text(&name, NAME_BYTES, is_text ? label->text.data : number,
             is_text ? label->text.size_bytes : (size_t)digits);
    return make_group(functions, &name);
}

/* The node of the group of a thread, or of the value of a label. VMPT_NO_NODE: memory is short. */
static uint32_t group_node(struct groups *groups, uint32_t id)
{
    struct vmpt_node_key key = {.function = id};
    if (groups->by != VMPT_GROUP_LABELS) {
        struct vmpf_thread thread = groups->feed->ops->thread(groups->feed->ctx, id);
        struct group_name name;
        set_name(&name, groups, &thread);
        key.function = make_group(&groups->profile->functions, &name);
    }
    return key.function == VMPT_NO_FUNCTION ? VMPT_NO_NODE : vmpt_nodes_intern(groups->out, &key);
}

/* A node of the profile, in the group; made with its callers where they are missing. */
static uint32_t node_in_group(struct groups *groups, uint32_t group, uint32_t stamp, uint32_t node)
{
    const struct vmpt_node_key *keys = groups->profile->nodes.keys;
    size_t depth = 0;
    for (; node != 0 && groups->stamps[node] != stamp; node = keys[node].parent) {
        groups->path[depth++] = node;
    }
    uint32_t made = node ? groups->made[node] : group;
    while (depth-- > 0) {
        uint32_t at = groups->path[depth];
        struct vmpt_node_key key = keys[at];
        key.parent = made;
        made = vmpt_nodes_intern(groups->out, &key);
        if (made == VMPT_NO_NODE) {
            return made;
        }
        groups->made[at] = made;
        groups->stamps[at] = stamp;
    }
    return made;
}

static bool add_pairs(struct groups *groups, const struct vmpt_tally *tally)
{
    uint32_t group = VMPT_NO_NODE;
    uint32_t stamp = 0; /* of no thread */
    for (size_t i = 0; i < tally->pair_capacity; i++) {
        const struct vmpt_tally_pair *pair = &tally->pairs[i];
        if (!pair->cell.samples) {
            continue;
        }
        if (stamp != pair->thread + 1) {
            stamp = pair->thread + 1;
            group = group_node(groups, pair->thread);
        }
        uint32_t node = group;
        if (group != VMPT_NO_NODE) {
            node = node_in_group(groups, group, stamp, pair->node);
        }
        if (node == VMPT_NO_NODE) {
            return false;
        }
        groups->out->cells[node].samples += pair->cell.samples;
        groups->out->cells[node].weight += pair->cell.weight;
    }
    return true;
}

bool vmpt_profile_group(struct vmpt_profile *profile, const struct vmpt_feed *feed,
                        struct vmpt_tally *tally, enum vmpt_group by, struct vmpt_nodes *out)
{
    size_t count = profile->nodes.count;
    struct groups groups = {.profile = profile, .feed = feed, .by = by, .out = out};
    groups.stamps = vmpt_array(count, sizeof(*groups.stamps));
    groups.made = vmpt_array(count, sizeof(*groups.made));
    groups.path = vmpt_array(count, sizeof(*groups.path));
    for (size_t i = 0; by == VMPT_GROUP_LABELS && i < tally->pair_capacity; i++) {
        tally->pairs[i].thread = tally->pairs[i].group; /* threads have been chosen by now */
    }
    if (tally->pair_capacity) {
        qsort(tally->pairs, tally->pair_capacity, sizeof(*tally->pairs), by_thread);
    }
    bool done = groups.stamps && groups.made && groups.path && add_pairs(&groups, tally);
    free(groups.stamps);
    free(groups.made);
    free(groups.path);
    return done;
}
