/* nodes.h: the stacks of a profile as a prefix tree in columns. Node 0 is the root and stands for no
 * frame; a node's parent always has a lower index, so one pass forward goes from callers to callees
 * and one pass backward sums subtrees.
 */
#ifndef VMPROF_TOOLS_ANALYSIS_NODES_H
#define VMPROF_TOOLS_ANALYSIS_NODES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VMPT_NO_NODE UINT32_MAX

/* What a number of samples came to. */
struct vmpt_cell {
    uint64_t samples;
    uint64_t weight;
};

struct vmpt_node_key {
    uint32_t parent;
    uint32_t function; /* index in vmpt_functions */
    uint32_t line;     /* 0 unless lines are kept */
    uint8_t kind;      /* vmpf_kind of this frame: jit and py of one function differ here */
};

struct vmpt_nodes {
    size_t count;
    size_t capacity;
    struct vmpt_node_key *keys;
    struct vmpt_cell *cells; /* samples whose innermost frame this is */
    size_t cell_capacity;
    uint64_t *peaks; /* of a gauge: the greatest weight of one of those samples; else NULL */
    size_t peak_capacity;
    uint32_t *slots; /* open addressing: index + 1, or 0; NULL until vmpt_nodes_intern() */
    size_t slot_count;
};

/* Makes the root. */
bool vmpt_nodes_init(struct vmpt_nodes *nodes);
void vmpt_nodes_fini(struct vmpt_nodes *nodes);

/* But the root is let go. */
void vmpt_nodes_clear(struct vmpt_nodes *nodes);
/* From now on there are peaks. False: memory is short. */
bool vmpt_nodes_keep_peaks(struct vmpt_nodes *nodes);

/* The index of an equal node, made when there is none yet. VMPT_NO_NODE: memory is short.
 * Of nodes that vmpt_nodes_append() made, those are found that were there before the first call. */
uint32_t vmpt_nodes_intern(struct vmpt_nodes *nodes, const struct vmpt_node_key *key);
/* A new node, equal to another or not. */
uint32_t vmpt_nodes_append(struct vmpt_nodes *nodes, const struct vmpt_node_key *key);

#endif
