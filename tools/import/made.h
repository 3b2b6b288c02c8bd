/* made.h: a profile while an importer makes it, told to the tools as a feed is (feed.h).
 *
 * An importer is a function that adds samples, and says VMPF_END after the last. It is called again each time a block has
 * been taken, so that an input of any length is read with the memory of its distinct stacks. Names are made once, stacks
 * are a prefix tree: a frame is added below its caller.
 */
#ifndef VMPROF_TOOLS_IMPORT_MADE_H
#define VMPROF_TOOLS_IMPORT_MADE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <vmprof/vmpf.h>

#include "tools/analysis/feed.h"
#include "tools/analysis/functions.h"
#include "tools/analysis/nodes.h"

#define IMPORT_BLOCK_SAMPLES 65536u
#define IMPORT_NO_ID UINT32_MAX

struct import_made;

struct import_ops {
    /* Adds samples until import_is_full(), or says VMPF_END. */
    vmpf_status (*more)(void *ctx, struct import_made *made, struct vmpf_error *err);
    void (*close)(void *ctx); /* frees ctx and its source */
    const char *format;       /* "collapsed" */
    const char *caution;      /* of a feed; NULL: nothing */
};

struct import_made {
    const struct import_ops *ops;
    void *ctx;
    struct vmpt_functions functions;
    struct vmpt_nodes nodes; /* a stack is a node, and a location is too */
    struct vmpf_thread *threads;
    size_t thread_count, thread_capacity;
    struct vmpf_module *modules; /* by address */
    size_t module_count, module_capacity;
    struct vmpf_info info;
    struct vmpf_meta meta[5];
    char value_names[VMPF_MAX_VALUES][64]; /* "NAME:UNIT" */
    struct vmpf_string value_items[VMPF_MAX_VALUES];
    struct vmpf_damage damage;
    bool began; /* a block was asked for */
    bool at_end;
    size_t count; /* samples of the block */
    uint32_t *stack, *thread, *flags;
    uint64_t *time_ns;
    uint64_t *values[VMPF_MAX_VALUES];
};

/* Opens a feed over what ops->more() makes of ctx, which it takes over, also when it fails. VMPF_E_NOMEM. The importer may set
 * up the profile before its first sample: *out is what it is added to. */
vmpf_status import_open(struct vmpt_feed *feed, struct import_made **out,
                        const struct import_ops *ops, void *ctx, struct vmpf_error *err);

/* A value that every sample has; unit: "ns", "bytes", "count". At most VMPF_MAX_VALUES, before the first sample; false: there
 * are more, or memory is short. */
bool import_add_value(struct import_made *made, const char *name, const char *unit);

/* What was asked for; at most once. */
void import_set_period(struct import_made *made, uint64_t period_ns);

/* What is said of the profile: `key` is one of VMPF_META_* and lives on; text is copied. At most three times. False: memory is short. */
bool import_set_text(struct import_made *made, const char *key, struct vmpf_string text);

/* A file whose code was mapped: functions with an address in it are of it. The path is copied. What lies below the end of the
 * one before is left out: they come by address, before the first sample. False: memory is short. */
bool import_module(struct import_made *made, const struct vmpf_module *module);
/* The one that an address is in, or NULL. */
const struct vmpf_module *import_module_at(const struct import_made *made, uint64_t address);

/* Each the id of what is added, or of what is equal; IMPORT_NO_ID: memory is short.
 * import_frame(): `function` below the stack `caller` (0: the root). */
uint32_t import_function(struct import_made *made, const struct vmpf_function *function);
uint32_t import_frame(struct import_made *made, uint32_t caller, uint32_t function, uint32_t line,
                      vmpf_kind kind);
uint32_t import_thread(struct import_made *made, const struct vmpf_thread *thread);

bool import_is_full(const struct import_made *made);
/* values: as many as import_add_value() added. There must be room. */
void import_sample(struct import_made *made, uint32_t stack, uint32_t thread, uint64_t time_ns,
                   const uint64_t *values);
/* Counts what could not be read, and keeps the first of it. */
__attribute__((format(printf, 5, 6))) void import_damage(struct import_made *made, uint64_t offset,
                                                         uint64_t lost_samples, uint64_t lost_bytes,
                                                         const char *format, ...);

/* Fills err; returns status. */
__attribute__((format(printf, 3, 4))) vmpf_status
import_fail(struct vmpf_error *err, vmpf_status status, const char *format, ...);

#endif
