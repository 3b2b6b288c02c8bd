/* import_fuzz.c: any bytes, taken for a profile of another tool, are read to their end or refused, without a crash; what is
 * read holds together: every id is in its table, parents come before their children. */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tools/import/from_austin.h"
#include "tools/import/from_callgrind.h"
#include "tools/import/from_collapsed.h"
#include "tools/import/from_firefox.h"
#include "tools/import/from_gperftools.h"
#include "tools/import/from_mojo.h"
#include "tools/import/from_perf_script.h"
#include "tools/import/from_pprof.h"
#include "tools/import/from_speedscope.h"
#include "tools/import/from_tachyon.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int holds)
{
    if (!holds) {
        abort();
    }
}

static void check_text(struct vmpf_string text)
{
    unsigned sum = 0;
    must(text.data != NULL || text.size_bytes == 0);
    for (size_t i = 0; i < text.size_bytes; i++) {
        sum |= (unsigned char)text.data[i];
    }
    must(sum <= UINT8_MAX); /* each byte can be read */
}

static void check_stack(const struct vmpt_feed *feed, uint32_t id)
{
    while (id != 0) {
        must(id < feed->ops->stack_count(feed->ctx));
        struct vmpf_stack stack = feed->ops->stack(feed->ctx, id);
        must(stack.parent < id && stack.location < feed->ops->location_count(feed->ctx));
        struct vmpf_location location = feed->ops->location(feed->ctx, stack.location);
        must(location.function < feed->ops->function_count(feed->ctx));
        id = stack.parent;
    }
}

static void check_block(const struct vmpt_feed *feed, const struct vmpf_block *block)
{
    size_t session = feed->ops->session(feed->ctx);
    const struct vmpf_info *info = feed->ops->info(feed->ctx, session);
    must(info != NULL && info->value_count > 0 && block->count > 0);
    for (size_t i = 0; i < block->count; i++) {
        check_stack(feed, block->stack[i]);
        must(block->thread[i] < feed->ops->thread_count(feed->ctx));
        for (size_t k = 0; k < info->value_count; k++) {
            must(block->values[k][i] <= INT64_MAX);
        }
    }
}

static void check_tables(const struct vmpt_feed *feed)
{
    for (uint32_t id = 0; id < feed->ops->function_count(feed->ctx); id++) {
        struct vmpf_function function = feed->ops->function(feed->ctx, id);
        check_text(function.name);
        check_text(function.file);
        if (function.module) {
            struct vmpf_module module = feed->ops->module(feed->ctx, function.module);
            check_text(module.path);
            must(function.address - module.address < module.size_bytes);
        }
    }
    for (uint32_t id = 0; id < feed->ops->thread_count(feed->ctx); id++) {
        check_text(feed->ops->thread(feed->ctx, id).name);
    }
}

static void read_all(const uint8_t *data, size_t size,
                     vmpf_status (*open)(struct vmpt_feed *, struct vmpf_source, uint32_t,
                                         struct vmpf_error *))
{
    struct vmpf_source source;
    struct vmpt_feed feed;
    struct vmpf_block block;
    struct vmpf_error err;
    if (vmpf_source_open_memory(&source, data, size, NULL) != VMPF_OK ||
        open(&feed, source, 0, &err) != VMPF_OK) {
        return;
    }
    while (feed.ops->next(feed.ctx, &block, &err) == VMPF_OK) {
        check_block(&feed, &block);
    }
    check_tables(&feed);
    feed.ops->close(feed.ctx);
}

/* What is recognised, and how it is read. */
static const struct {
    bool (*recognise)(const uint8_t *, size_t);
    vmpf_status (*open)(struct vmpt_feed *, struct vmpf_source, uint32_t, struct vmpf_error *);
} formats[] = {
    {import_is_austin, import_open_austin},
    {import_is_mojo, import_open_mojo},
    {import_is_tachyon, import_open_tachyon},
    {import_is_collapsed, import_open_collapsed},
    {import_is_firefox, import_open_firefox},
    {import_is_perf_script, import_open_perf_script},
    {import_is_pprof, import_open_pprof},
    {import_is_speedscope, import_open_speedscope},
    {import_is_gperftools, import_open_gperftools},
    {import_is_callgrind, import_open_callgrind},
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
        (void)formats[i].recognise(data, size);
        read_all(data, size, formats[i].open);
    }
    return 0;
}
