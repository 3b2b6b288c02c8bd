/* feed.h: where a profile comes from: the reader of our format, or an importer that speaks the same
 * words. The words are those of vmpf.h's reader; an importer of another format fills this table.
 *
 * A feed is read forward once; its tables are complete, and its ids valid, after next() said VMPF_END.
 */
#ifndef VMPROF_TOOLS_ANALYSIS_FEED_H
#define VMPROF_TOOLS_ANALYSIS_FEED_H

#include <stddef.h>
#include <stdint.h>
#include <vmprof/vmpf.h>

struct vmpt_feed_ops {
    vmpf_status (*next)(void *ctx, struct vmpf_block *block, struct vmpf_error *err);
    size_t (*session)(const void *ctx); /* of the last block */
    size_t (*session_count)(const void *ctx);
    const struct vmpf_info *(*info)(const void *ctx, size_t session);
    uint32_t (*function_count)(const void *ctx);
    uint32_t (*location_count)(const void *ctx);
    uint32_t (*stack_count)(const void *ctx);
    uint32_t (*thread_count)(const void *ctx);
    struct vmpf_function (*function)(const void *ctx, uint32_t id);
    struct vmpf_location (*location)(const void *ctx, uint32_t id);
    struct vmpf_stack (*stack)(const void *ctx, uint32_t id);
    struct vmpf_thread (*thread)(const void *ctx, uint32_t id);
    const struct vmpf_damage *(*damage)(const void *ctx);
    /* What only some tools ask for. epoch: as vmpf_reader_epoch(); NULL: always 0. next_totals: in place of next(), as
     * vmpf_reader_next_totals(), of a feed that was opened with VMPT_FEED_TOTALS; NULL: it has none. */
    uint64_t (*epoch)(const void *ctx);
    vmpf_status (*next_totals)(void *ctx, struct vmpf_totals *totals, struct vmpf_error *err);
    /* NULL where the format has none of them. */
    struct vmpf_module (*module)(const void *ctx, uint32_t id);
    struct vmpf_label (*label)(const void *ctx, uint32_t id);
    uint32_t (*label_count)(const void *ctx);
    /* What a reader has to be told of how the input was taken; NULL: nothing. It lives as long as the program. */
    const char *(*caution)(const void *ctx);
    /* The name of the format, "vmprof-1"; known once the feed is open. */
    void (*format)(const void *ctx, char *out, size_t out_size);
    void (*close)(void *ctx);
};

struct vmpt_feed {
    const struct vmpt_feed_ops *ops;
    void *ctx;
};

/* With skip_columns: tables are those of one epoch at a time, so that memory is bounded. What is said above of
 * ids then holds for one block; see vmpf_reader_epoch(). A feed that cannot do that gives all at once. */
#define VMPT_FEED_ONE_EPOCH (UINT32_C(1) << 31)
/* With skip_columns: next_totals() is going to be called, where the feed has it: of a profile that is damaged, or cannot be read
 * twice, only the samples are to be had. */
#define VMPT_FEED_TOTALS (UINT32_C(1) << 30)

/* vmpt_feed_open_vmpf() reads source as our own format and takes it over, also when it fails.
 * skip_columns: VMPF_COLUMN_*, VMPT_FEED_*. The feed is given back by feed->ops->close(feed->ctx). */
vmpf_status vmpt_feed_open_vmpf(struct vmpt_feed *feed, struct vmpf_source source,
                                uint32_t skip_columns, struct vmpf_error *err);

#endif
