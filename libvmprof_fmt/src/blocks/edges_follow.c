/* edges_follow.c: from call edges to the locations of a STACKS chunk [F-5.4-5]. */
#include "libvmprof_fmt/src/base/error.h"
#include "libvmprof_fmt/src/blocks/edges.h"

#include <string.h>

#define FIRST_LIST_ROOM 2u
#define NODES_PER_PARENT 64u

/* Inside the chunk a location goes by its place among those that the chunk names: lists can then be an array,
 * however large the ids in the file are. Place 0 is location 0, that of the root. */
struct place {
    uint32_t callees; /* in the pool */
    uint32_t callee_count, callee_room;
    uint32_t location;
};

struct follower {
    const struct vmpfi_edges *in;
    struct place *places;
    size_t place_count;
    uint32_t *known_places; /* by location, of those that the reader knows; 0: none yet */
    size_t known_locations;
    struct vmpfi_map64 *place_of; /* of other locations, which are lost or never were */
    uint32_t *known_parents;      /* by parent before the chunk: place and 1; 0: not used yet */
    size_t known_nodes;
    struct vmpfi_map64 *outer;           /* the same, of other parents */
    uint32_t *parents;                   /* before the chunk, in the order of their first use */
    uint32_t *new_places, *outer_places; /* of the two lists */
    uint32_t *pool;                      /* of the lists of callees, as places */
    size_t pool_used;
    size_t new_at, outer_at;
};

static bool place_for(struct follower *f, uint32_t location, uint32_t *place)
{
    bool known = location < f->known_locations;
    *place = known ? f->known_places[location] : 0;
    if (*place != 0 || location == 0 ||
        (!known && vmpfi_map64_find(f->place_of, location, place))) {
        return true;
    }
    *place = (uint32_t)f->place_count++;
    f->places[*place] = (struct place){.location = location};
    if (known) {
        f->known_places[location] = *place;
        return true;
    }
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

static bool find_places(struct follower *f, const uint32_t *locations, size_t count,
                        uint32_t *places)
{
    for (size_t i = 0; i < count; i++) {
        if (!place_for(f, locations[i], &places[i])) {
            return false;
        }
    }
    return true;
}

/* The place of an entry's parent, which stands before the chunk [F-5.4-6]. */
static vmpf_status outer_place(struct follower *f, uint32_t parent, uint32_t *place,
                               const char **rule)
{
    if (parent == 0) {
        *place = 0;
        return VMPF_OK;
    }
    bool known = parent < f->known_nodes;
    if (known && f->known_parents[parent] != 0) {
        *place = f->known_parents[parent] - 1;
        return VMPF_OK;
    }
    if (!known && vmpfi_map64_find(f->outer, parent, place)) {
        return VMPF_OK;
    }
    if (f->outer_at == f->in->outer_count) {
        *rule = "F-5.4-7";
        return VMPF_E_CORRUPT;
    }
    f->parents[f->outer_at] = parent;
    *place = f->outer_places[f->outer_at++];
    if (known) {
        f->known_parents[parent] = *place + 1;
        return VMPF_OK;
    }
    return vmpfi_map64_insert(f->outer, parent, *place) ? VMPF_OK : VMPF_E_NOMEM;
}

/* An edge that is not in its caller's list: one that is new, if any. */
static vmpf_status follow_edge(struct follower *f, uint32_t edge, uint32_t caller, uint32_t *place,
                               const char **rule)
{
    if (edge != 0) {
        *rule = "F-5.4-5";
        return VMPF_E_CORRUPT;
    }
    if (f->new_at == f->in->new_count) {
        *rule = "F-5.4-7";
        return VMPF_E_CORRUPT;
    }
    *place = f->new_places[f->new_at++];
    append_callee(f, &f->places[caller], *place);
    return VMPF_OK;
}

/* Turns edges into places, in their place. The common case, an edge that is known of a parent in the chunk, is written out. */
static vmpf_status follow_all(struct follower *f, uint64_t first, const uint32_t *distances,
                              uint32_t *edges, const char **rule)
{
    const struct place *places = f->places;
    const uint32_t *pool = f->pool;
    const size_t count = f->in->count;
    for (size_t i = 0; i < count; i++) {
        uint32_t caller;
        uint32_t edge = edges[i];
        if (distances[i] <= i) {
            caller = edges[i - distances[i]];
        } else {
            VMPF_TRY(outer_place(f, (uint32_t)(first + i - distances[i]), &caller, rule));
        }
        if (edge - 1 < places[caller].callee_count) { /* not 0 */
            edges[i] = pool[places[caller].callees + edge - 1];
        } else {
            VMPF_TRY(follow_edge(f, edge, caller, &edges[i], rule));
        }
    }
    if (f->new_at != f->in->new_count || f->outer_at != f->in->outer_count) {
        *rule = "F-5.4-7";
        return VMPF_E_CORRUPT;
    }
    return VMPF_OK;
}

static bool make_room(struct follower *f, struct vmpfi_scratch *scratch, unsigned slot)
{
    size_t places = f->in->new_count + f->in->outer_count + 1;
    size_t pool = 4 * f->in->new_count + FIRST_LIST_ROOM * places;
    f->places = (struct place *)(void *)vmpfi_scratch_integers(
        scratch, slot, places * sizeof *f->places / sizeof(uint64_t));
    f->parents = vmpfi_scratch_words(scratch, slot + 1, f->in->outer_count);
    f->pool = vmpfi_scratch_words(scratch, slot + 2, pool);
    f->known_places = vmpfi_scratch_words(scratch, slot + 3, f->known_locations);
    f->known_parents = vmpfi_scratch_words(scratch, slot + 4, f->known_nodes);
    f->new_places = vmpfi_scratch_words(scratch, slot + 5, f->in->new_count);
    f->outer_places = vmpfi_scratch_words(scratch, slot + 6, f->in->outer_count);
    if (f->new_places == NULL || f->outer_places == NULL || f->places == NULL ||
        f->parents == NULL || f->pool == NULL || f->known_places == NULL ||
        f->known_parents == NULL) {
        return false;
    }
    memset(f->known_places, 0, f->known_locations * sizeof *f->known_places);
    memset(f->known_parents, 0, f->known_nodes * sizeof *f->known_parents);
    return true;
}

vmpf_status vmpfi_edges_follow(const struct vmpfi_edges *edges, struct vmpfi_scratch *scratch,
                               unsigned slot, uint64_t first, const uint32_t *distances,
                               const struct vmpfi_known *known, uint32_t *locations,
                               struct vmpfi_outer_parents *outer, const char **rule)
{
    /* A table of all nodes is for chunks that use many of them: most of it would be made for nothing. */
    bool many = edges->outer_count >= known->nodes / NODES_PER_PARENT;
    struct follower f = {.in = edges,
                         .place_of = &scratch->maps[0],
                         .outer = &scratch->maps[1],
                         .known_locations = known->locations,
                         .known_nodes = many ? known->nodes : 0,
                         .place_count = 1};
    *rule = NULL;
    vmpfi_map64_clear(f.place_of);
    vmpfi_map64_clear(f.outer);
    if (!make_room(&f, scratch, slot)) {
        return VMPF_E_NOMEM;
    }
    f.places[0] = (struct place){0};
    if (!find_places(&f, edges->new_locations, edges->new_count, f.new_places) ||
        !find_places(&f, edges->outer_locations, edges->outer_count, f.outer_places)) {
        return VMPF_E_NOMEM;
    }
    VMPF_TRY(follow_all(&f, first, distances, locations, rule));
    for (size_t i = 0; i < edges->count; i++) {
        locations[i] = f.places[locations[i]].location;
    }
    *outer = (struct vmpfi_outer_parents){
        .parents = f.parents, .locations = edges->outer_locations, .count = f.outer_at};
    return VMPF_OK;
}
