/* dictionary.h: the tables of one epoch, and the interning that gives equal entries one id. Private.
 *
 * Entry 0 of every table is "nothing" (spec section 5). Ids are dense and only grow. */
#ifndef VMPROF_FMT_MODEL_DICTIONARY_H
#define VMPROF_FMT_MODEL_DICTIONARY_H

#include "libvmprof_fmt/src/base/buffer.h"
#include "libvmprof_fmt/src/base/map.h"
#include "libvmprof_fmt/src/model/pair_index.h"

#include <vmprof/vmpf.h>

/* A function as it is stored: names are string ids. */
struct vmpfi_function {
    uint32_t name;
    uint32_t file;
    uint32_t first_line;
    uint32_t kind;
    uint64_t address; /* made unique [F-5.2-5] */
    uint64_t recorded_address;
    uint32_t module;
};

/* A module as it is stored: the build id is a string too. */
struct vmpfi_module {
    uint32_t path;
    uint32_t build_id;
    uint64_t address;
    uint64_t size_bytes;
    uint64_t file_offset;
};

/* A label set as it is stored. */
struct vmpfi_label {
    uint32_t parent;
    uint32_t key;
    uint32_t text;
    uint32_t depth; /* not stored: how many labels the set has [F-5.4-3] */
    uint64_t number;
};

struct vmpfi_dictionary {
    struct vmpfi_arena text;
    struct vmpf_string *strings;
    size_t string_count, string_capacity;
    struct vmpfi_module *modules;
    size_t module_count, module_capacity;
    struct vmpfi_function *functions;
    size_t function_count, function_capacity;
    struct vmpf_location *locations;
    size_t location_count, location_capacity;
    struct vmpf_stack *stacks;
    size_t stack_count, stack_capacity;
    struct vmpfi_label *labels;
    size_t label_count, label_capacity;
    struct vmpfi_index string_index, module_index, function_index, label_index;
    struct vmpfi_map64 addresses;
    struct vmpfi_pair_index location_index, stack_index;
    uint32_t deep_stack, deep_stack_depth; /* a node whose depth is known; 0: the root */
};

/* vmpfi_dictionary_init() makes the tables with their entry 0. VMPF_E_NOMEM: fini is still due. */
vmpf_status vmpfi_dictionary_init(struct vmpfi_dictionary *d);
void vmpfi_dictionary_fini(struct vmpfi_dictionary *d);
/* Back to the state after init. */
vmpf_status vmpfi_dictionary_clear(struct vmpfi_dictionary *d);

/* The memory that it takes. */
size_t vmpfi_dictionary_bytes(const struct vmpfi_dictionary *d);

/* Each gives the id of an equal entry, made when there is none. VMPF_E_NOMEM, VMPF_E_LIMIT (2^32-2 entries, or a
 * string over 16 MiB); ids that an argument names must exist: VMPF_E_ARG. */
vmpf_status vmpfi_intern_string(struct vmpfi_dictionary *d, struct vmpf_string text, uint32_t *id);
vmpf_status vmpfi_intern_module(struct vmpfi_dictionary *d, const struct vmpf_module *module,
                                uint32_t *id);
vmpf_status vmpfi_intern_function(struct vmpfi_dictionary *d, const struct vmpf_function *function,
                                  uint32_t *id);
vmpf_status vmpfi_intern_location(struct vmpfi_dictionary *d, uint32_t function, uint32_t line,
                                  uint32_t *id);
/* VMPF_E_LIMIT also where a path would have more than VMPF_MAX_DEPTH nodes [F-5.4-3]. */
vmpf_status vmpfi_intern_stack(struct vmpfi_dictionary *d, uint32_t parent, uint32_t location,
                               uint32_t *id);
/* VMPF_E_LIMIT also where a set would have more than VMPF_MAX_DEPTH labels. */
vmpf_status vmpfi_intern_label(struct vmpfi_dictionary *d, const struct vmpf_label *label,
                               uint32_t *id);

#define VMPFI_MAX_STRING_BYTES ((size_t)16 * 1024 * 1024)

#endif
