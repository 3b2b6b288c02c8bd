/* edges_follow.c: from call edges to the locations of a STACKS chunk [F-5.4-5]. */
#include "libvmprof_fmt/src/base/error.h"
#include "libvmprof_fmt/src/blocks/edges.h"

#include <string.h>

#define FIRST_LIST_ROOM 2u

/* Inside the chunk a location goes by its place among those that the chunk names: lists can then be an array,
 * however large the ids in the file are. Place 0 is location 0, that of the root. */
struct place {
    uint32_t location;
    uint32_t callees; /* in the pool */
    uint32_t callee_count, callee_room;
};

struct follower {
    const struct vmpfi_edges *in;
    struct vmpfi_scratch *scratch;
    unsigned pool_slot;
    struct place *places;
    size_t place_count;
    struct vmpfi_map64 *place_of; /* location: place */
    struct vmpfi_map64 *outer;    /* parent before the chunk: place */
    uint64_t *parents;            /* before the chunk, in the order of their first use */
    uint32_t *pool;               /* of the lists of callees, as places */
    size_t pool_used;
    uint32_t *entry_places;
    size_t new_at, outer_at;
};

static bool place_for(struct follower *f, uint64_t location, uint32_t *place)
{
    if (location == 0) {
        *place = 0;
        return true;
    }
    if (vmpfi_map64_find(f->place_of, location, place)) {
        return true;
    }
    *place = (uint32_t)f->place_count++;
    f->places[*place] = (struct place){.location = (uint32_t)location};
    return vmpfi_map64_insert(f->place_of, location, *place);
}

/* Each time a list is full it moves to the end of the pool, to twice its room: of all the pool at least a quarter is
 * in use, so room for four times the callees, and two for each list, is enough. */
static void append_callee(struct follower *f, struct place *caller, uint32_t callee)
{
    if (caller->callee_count == caller->callee_room) {
        uint32_t room = caller->callee_room == 0 ? FIRST_LIST_ROOM : 2 * caller->callee_room;
        memcpy(f->pool + f->pool_used, f->pool + caller->callees,
               caller->callee_count * sizeof *f->pool);
        caller->callees = (uint32_t)f->pool_used;
        caller->callee_room = room;
        f->pool_used += room;
    }
    f->pool[caller->callees + caller->callee_count++] = callee;
}

/* The place of an entry's parent, which stands before the chunk [F-5.4-6]. */
static vmpf_status outer_place(struct follower *f, uint64_t parent, uint32_t *place,
                               const char **rule)
{
    if (parent == 0) {
        *place = 0;
        return VMPF_OK;
    }
    if (vmpfi_map64_find(f->outer, parent, place)) {
        return VMPF_OK;
    }
    if (f->outer_at == f->in->outer_count) {
        *rule = "F-5.4-7";
        return VMPF_E_CORRUPT;
    }
    f->parents[f->outer_at] = parent;
    bool noted = place_for(f, f->in->outer_locations[f->outer_at++], place) &&
                 vmpfi_map64_insert(f->outer, parent, *place);
    return noted ? VMPF_OK : VMPF_E_NOMEM;
}

/* The place of entry i, whose parent is at `caller`. */
static vmpf_status follow_edge(struct follower *f, size_t i, uint32_t caller, const char **rule)
{
    uint64_t edge = f->in->edges[i];
    if (edge != 0) {
        const struct place *from = &f->places[caller];
        if (edge > from->callee_count) {
            *rule = "F-5.4-5";
            return VMPF_E_CORRUPT;
        }
        f->entry_places[i] = f->pool[from->callees + (uint32_t)edge - 1];
        return VMPF_OK;
    }
    if (f->new_at == f->in->new_count) {
        *rule = "F-5.4-7";
        return VMPF_E_CORRUPT;
    }
    if (!place_for(f, f->in->new_locations[f->new_at++], &f->entry_places[i])) {
        return VMPF_E_NOMEM;
    }
    append_callee(f, &f->places[caller], f->entry_places[i]);
    return VMPF_OK;
}

static vmpf_status follow_all(struct follower *f, uint64_t first, const uint64_t *distances,
                              uint64_t *locations, const char **rule)
{
    for (size_t i = 0; i < f->in->count; i++) {
        uint32_t caller;
        if (distances[i] <= i) {
            caller = f->entry_places[i - distances[i]];
        } else {
            VMPF_TRY(outer_place(f, first + i - distances[i], &caller, rule));
        }
        VMPF_TRY(follow_edge(f, i, caller, rule));
        locations[i] = f->places[f->entry_places[i]].location;
    }
    if (f->new_at != f->in->new_count || f->outer_at != f->in->outer_count) {
        *rule = "F-5.4-7";
        return VMPF_E_CORRUPT;
    }
    return VMPF_OK;
}

vmpf_status vmpfi_edges_follow(const struct vmpfi_edges *edges, struct vmpfi_scratch *scratch,
                               unsigned slot, uint64_t first, const uint64_t *distances,
                               uint64_t *locations, struct vmpfi_outer_parents *outer,
                               const char **rule)
{
    size_t places = edges->new_count + edges->outer_count + 1;
    size_t pool = 4 * edges->new_count + FIRST_LIST_ROOM * places;
    struct follower f = {
        .in = edges,
        .place_of = &scratch->maps[0],
        .outer = &scratch->maps[1],
        .places = (struct place *)(void *)vmpfi_scratch_integers(scratch, slot, 2 * places),
        .parents = vmpfi_scratch_integers(scratch, slot + 1, edges->outer_count),
        .pool = (uint32_t *)(void *)vmpfi_scratch_integers(scratch, slot + 2, pool),
        .entry_places =
            (uint32_t *)(void *)vmpfi_scratch_integers(scratch, slot + 3, edges->count)};
    *rule = NULL;
    if (f.places == NULL || f.parents == NULL || f.pool == NULL || f.entry_places == NULL) {
        return VMPF_E_NOMEM;
    }
    vmpfi_map64_clear(f.place_of);
    vmpfi_map64_clear(f.outer);
    f.places[0] = (struct place){0};
    f.place_count = 1;
    VMPF_TRY(follow_all(&f, first, distances, locations, rule));
    *outer = (struct vmpfi_outer_parents){
        .parents = f.parents, .locations = edges->outer_locations, .count = f.outer_at};
    return VMPF_OK;
}
