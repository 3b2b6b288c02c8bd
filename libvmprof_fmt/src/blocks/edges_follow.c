/* edges_follow.c: from call edges to the locations of a STACKS chunk [F-5.4-5]. */
#include "libvmprof_fmt/src/base/error.h"
#include "libvmprof_fmt/src/blocks/edges.h"

#include <string.h>

#define FIRST_CALLEES 4u
#define NODES_PER_PARENT 64u

/* Inside the chunk a location goes by its place among those that the chunk names: lists can then be an array,
 * however large the ids in the file are. Place 0 is location 0, that of the root.
 * The path of a stack is a chain of loads, each of which waits for the one before: so the first callees, which are most, stand in
 * the place itself. Half a cache line. */
struct place {
    uint32_t location;
    uint32_t callee_count;
    uint32_t more, more_room; /* further callees: in the pool */
    uint32_t callees[FIRST_CALLEES];
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
    bool no_memory;
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

/* Each time a list is full it moves to the end of the pool, to twice its room: it then leaves behind less than it has entries, so
 * room for four times the callees is enough. */
static void append_further(struct follower *f, struct place *caller, uint32_t callee)
{
    uint32_t count = caller->callee_count - FIRST_CALLEES;
    if (count == caller->more_room) {
        uint32_t room = count == 0 ? 1 : 2 * count;
        memcpy(f->pool + f->pool_used, f->pool + caller->more, count * sizeof *f->pool);
        caller->more = (uint32_t)f->pool_used;
        caller->more_room = room;
        f->pool_used += room;
    }
    f->pool[caller->more + count] = callee;
}

static void append_callee(struct follower *f, struct place *caller, uint32_t callee)
{
    if (caller->callee_count < FIRST_CALLEES) {
        caller->callees[caller->callee_count] = callee;
    } else {
        append_further(f, caller, callee);
    }
    caller->callee_count++;
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

#define NO_PLACE UINT32_MAX

/* The place of an entry's parent, which stands before the chunk [F-5.4-6]. NO_PLACE: the chunk has none for it, or there is no
 * memory. */
static uint32_t outer_place(struct follower *f, uint32_t parent)
{
    if (parent == 0) {
        return 0;
    }
    uint32_t place;
    bool known = parent < f->known_nodes;
    if (known && f->known_parents[parent] != 0) {
        return f->known_parents[parent] - 1;
    }
    if (!known && vmpfi_map64_find(f->outer, parent, &place)) {
        return place;
    }
    if (f->outer_at == f->in->outer_count) {
        return NO_PLACE;
    }
    f->parents[f->outer_at] = parent;
    place = f->outer_places[f->outer_at++];
    if (known) {
        f->known_parents[parent] = place + 1;
    } else if (!vmpfi_map64_insert(f->outer, parent, place)) {
        f->no_memory = true;
        return NO_PLACE;
    }
    return place;
}

/* Edge 0: one that is new. false: there is none left. */
static bool add_edge(struct follower *f, uint32_t caller, uint32_t *place)
{
    if (f->new_at == f->in->new_count) {
        return false;
    }
    *place = f->new_places[f->new_at++];
    append_callee(f, &f->places[caller], *place);
    return true;
}

/* Turns edges into places, in their place. Branches look at the columns only and never at what the chain of places has
 * loaded, so that the processor finds out early where it guessed wrong: an edge that its caller has not leads to some place, and
 * is told at the end [F-5.4-5]. Returns NULL, or the rule that is broken, or that there is no memory is set. */
static const char *follow_all(struct follower *f, uint64_t first, const uint32_t *distances,
                              uint32_t *edges)
{
    const struct place *places = f->places;
    const uint32_t *pool = f->pool;
    const size_t count = f->in->count;
    bool all_known = true;
    for (size_t i = 0; i < count; i++) {
        uint32_t edge = edges[i];
        uint32_t caller = distances[i] <= i ? edges[i - distances[i]]
                                            : outer_place(f, (uint32_t)(first + i - distances[i]));
        if (caller == NO_PLACE || (edge == 0 && !add_edge(f, caller, &edges[i]))) {
            return all_known ? "F-5.4-7" : "F-5.4-5";
        }
        if (edge == 0) {
            continue;
        }
        bool known = edge <= places[caller].callee_count;
        all_known &= known;
        if (edge <= FIRST_CALLEES) {
            edges[i] = places[caller].callees[edge - 1];
        } else {
            edges[i] = known ? pool[places[caller].more + edge - FIRST_CALLEES - 1] : 0;
        }
    }
    if (!all_known) {
        return "F-5.4-5";
    }
    return f->new_at == f->in->new_count && f->outer_at == f->in->outer_count ? NULL : "F-5.4-7";
}

static bool make_room(struct follower *f, struct vmpfi_scratch *scratch, unsigned slot)
{
    size_t places = f->in->new_count + f->in->outer_count + 1;
    size_t pool = 4 * f->in->new_count;
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
    *rule = follow_all(&f, first, distances, locations);
    if (f.no_memory || *rule != NULL) {
        return f.no_memory ? VMPF_E_NOMEM : VMPF_E_CORRUPT;
    }
    for (size_t i = 0; i < edges->count; i++) {
        locations[i] = f.places[locations[i]].location;
    }
    *outer = (struct vmpfi_outer_parents){
        .parents = f.parents, .locations = edges->outer_locations, .count = f.outer_at};
    return VMPF_OK;
}
