#include "tools/import/made.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/analysis/memory.h"

#define FIRST_FUNCTION_ID 2u /* as a feed: 0 and 1 are no function */
#define FIRST_MODULE_ID 2u   /* nor module */

vmpf_status import_fail(struct vmpf_error *err, vmpf_status status, const char *format, ...)
{
    va_list arguments;
    memset(err, 0, sizeof(*err));
    err->status = status;
    va_start(arguments, format);
    (void)vsnprintf(err->message, sizeof(err->message), format, arguments);
    va_end(arguments);
    return status;
}

static vmpf_status no_memory(struct vmpf_error *err)
{
    return import_fail(err, VMPF_E_NOMEM, "not enough memory");
}

/* ---- adding ---------------------------------------------------------------------------------------- */

void import_set_period(struct import_made *made, uint64_t period_ns)
{
    made->meta[made->info.meta_count++] =
        (struct vmpf_meta){.key = {VMPF_META_PERIOD_NS, strlen(VMPF_META_PERIOD_NS)},
                           .type = VMPF_META_INTEGER,
                           .integer = period_ns};
}

bool import_add_value(struct import_made *made, const char *name, const char *unit)
{
    size_t i = made->info.value_count;
    if (i == VMPF_MAX_VALUES) {
        return false;
    }
    char *text = made->value_names[i];
    int size = snprintf(text, sizeof(made->value_names[i]), "%.50s:%.10s", name, unit);
    size_t name_size = strnlen(name, 50);
    made->values[i] = vmpt_array(IMPORT_BLOCK_SAMPLES, sizeof(uint64_t));
    made->value_items[i] = (struct vmpf_string){text, (size_t)size};
    made->info.values[i].name = (struct vmpf_string){text, name_size};
    made->info.values[i].unit =
        (struct vmpf_string){text + name_size + 1, (size_t)size - name_size - 1};
    made->info.value_count++;
    made->meta[0].item_count = made->info.value_count;
    return made->values[i] != NULL;
}

bool import_set_text(struct import_made *made, const char *key, struct vmpf_string text)
{
    const char *copy =
        vmpt_arena_copy(&made->functions.strings, text.data ? text.data : "", text.size_bytes);
    if (copy) {
        made->meta[made->info.meta_count++] = (struct vmpf_meta){
            .key = {key, strlen(key)}, .type = VMPF_META_STRING, .string = {copy, text.size_bytes}};
    }
    return copy != NULL;
}

/* Interpreted and compiled frames of a function are one function to the tools, which tell them apart by the frame: each has an
 * id of its own here, so that the frame's kind can be told. */
uint32_t import_function(struct import_made *made, const struct vmpf_function *function)
{
    uint32_t index = vmpt_functions_intern(&made->functions, function);
    return index == VMPT_NO_FUNCTION || index > IMPORT_NO_ID / 2 - FIRST_FUNCTION_ID ? IMPORT_NO_ID
                                                                                     : index;
}

uint32_t import_frame(struct import_made *made, uint32_t caller, uint32_t function, uint32_t line,
                      vmpf_kind kind)
{
    const struct vmpt_node_key key = {
        .parent = caller, .function = function, .line = line, .kind = (uint8_t)kind};
    uint32_t node = vmpt_nodes_intern(&made->nodes, &key);
    return node == VMPT_NO_NODE ? IMPORT_NO_ID : node;
}

bool import_module(struct import_made *made, const struct vmpf_module *module)
{
    size_t i = made->module_count;
    const struct vmpf_module *last = i ? &made->modules[i - 1] : NULL;
    if (module->size_bytes == 0 || module->address > UINT64_MAX - module->size_bytes ||
        (last && module->address < last->address + last->size_bytes)) {
        return true;
    }
    const char *path =
        vmpt_arena_copy(&made->functions.strings, module->path.data, module->path.size_bytes);
    if (!path || !vmpt_reserve(&made->modules, &made->module_capacity, i + 1, sizeof(*module))) {
        return false;
    }
    made->modules[i] = *module;
    made->modules[i].path.data = path;
    made->module_count++;
    return true;
}

const struct vmpf_module *import_module_at(const struct import_made *made, uint64_t address)
{
    size_t low = 0;
    size_t high =
        made->module_count; /* the first that begins behind the address is in [low, high] */
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (made->modules[middle].address <= address) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    const struct vmpf_module *module = low ? &made->modules[low - 1] : NULL;
    return module && address - module->address < module->size_bytes ? module : NULL;
}

static bool is_same_thread(const struct vmpf_thread *a, const struct vmpf_thread *b)
{
    return a->process_id == b->process_id && a->thread_id == b->thread_id &&
           a->name.size_bytes == b->name.size_bytes &&
           (a->name.size_bytes == 0 || memcmp(a->name.data, b->name.data, a->name.size_bytes) == 0);
}

uint32_t import_thread(struct import_made *made, const struct vmpf_thread *thread)
{
    for (size_t i = made->thread_count; i-- > 0;) { /* the last ones are most likely meant */
        if (is_same_thread(&made->threads[i], thread)) {
            return (uint32_t)i;
        }
    }
    const char *name =
        vmpt_arena_copy(&made->functions.strings, thread->name.data ? thread->name.data : "",
                        thread->name.size_bytes);
    if (!name || !vmpt_reserve(&made->threads, &made->thread_capacity, made->thread_count + 1,
                               sizeof(*made->threads))) {
        return IMPORT_NO_ID;
    }
    made->threads[made->thread_count] = *thread;
    made->threads[made->thread_count].name.data = name;
    return (uint32_t)made->thread_count++;
}

bool import_is_full(const struct import_made *made)
{
    return made->count == IMPORT_BLOCK_SAMPLES;
}

void import_sample(struct import_made *made, uint32_t stack, uint32_t thread, uint64_t time_ns,
                   const uint64_t *values)
{
    size_t i = made->count++;
    made->stack[i] = stack;
    made->thread[i] = thread;
    made->time_ns[i] = time_ns;
    for (size_t k = 0; k < made->info.value_count; k++) {
        made->values[k][i] = values[k];
    }
    made->info.samples++;
}

void import_damage(struct import_made *made, uint64_t offset, uint64_t lost_samples,
                   uint64_t lost_bytes, const char *format, ...)
{
    struct vmpf_damage *damage = &made->damage;
    va_list arguments;
    damage->lost_samples += lost_samples;
    damage->lost_bytes += lost_bytes;
    if (damage->damaged) {
        return;
    }
    damage->damaged = true;
    damage->first.status = VMPF_E_CORRUPT;
    damage->first.offset = offset;
    va_start(arguments, format);
    (void)vsnprintf(damage->first.message, sizeof(damage->first.message), format, arguments);
    va_end(arguments);
}

/* ---- as a feed ------------------------------------------------------------------------------------- */

static vmpf_status feed_next(void *ctx, struct vmpf_block *block, struct vmpf_error *err)
{
    struct import_made *made = ctx;
    if (made->began) { /* what was added while it was opened is of the first block */
        made->count = 0;
    }
    made->began = true;
    if (!made->at_end) {
        vmpf_status status = made->ops->more(made->ctx, made, err);
        if (status != VMPF_OK && status != VMPF_END) {
            return status;
        }
        made->at_end = status == VMPF_END;
    }
    if (made->count == 0) {
        return VMPF_END;
    }
    *block = (struct vmpf_block){.count = made->count,
                                 .stack = made->stack,
                                 .thread = made->thread,
                                 .time_ns = made->time_ns,
                                 .flags = made->flags};
    for (size_t k = 0; k < made->info.value_count; k++) {
        block->values[k] = made->values[k];
    }
    return VMPF_OK;
}

static size_t feed_session(const void *ctx)
{
    (void)ctx;
    return 0;
}

static size_t feed_session_count(const void *ctx)
{
    (void)ctx;
    return 1;
}

static const struct vmpf_info *feed_info(const void *ctx, size_t session)
{
    return session == 0 ? &((const struct import_made *)ctx)->info : NULL;
}

static uint32_t feed_function_count(const void *ctx)
{
    return FIRST_FUNCTION_ID + 2 * (uint32_t)((const struct import_made *)ctx)->functions.count;
}

static uint32_t feed_node_count(const void *ctx)
{
    return (uint32_t)((const struct import_made *)ctx)->nodes.count;
}

static uint32_t feed_thread_count(const void *ctx)
{
    return (uint32_t)((const struct import_made *)ctx)->thread_count;
}

/* Behind the first: twice the function's index, and one more where it is a JIT's machine code. */
static struct vmpf_function feed_function(const void *ctx, uint32_t id)
{
    const struct import_made *made = ctx;
    if (id < FIRST_FUNCTION_ID) {
        return (struct vmpf_function){.name = {"", 0}, .file = {"", 0}};
    }
    const struct vmpt_function *function = &made->functions.items[(id - FIRST_FUNCTION_ID) / 2];
    const struct vmpf_module *module = import_module_at(made, function->address);
    return (struct vmpf_function){
        .name = {function->name, function->name_size},
        .file = {function->file, function->file_size},
        .first_line = function->first_line,
        .kind = id % 2 ? VMPF_KIND_JIT : (vmpf_kind)function->kind,
        .address = function->address,
        .module = module ? FIRST_MODULE_ID + (uint32_t)(module - made->modules) : 0};
}

static struct vmpf_module feed_module(const void *ctx, uint32_t id)
{
    const struct import_made *made = ctx;
    bool is_there = id >= FIRST_MODULE_ID && id - FIRST_MODULE_ID < made->module_count;
    return is_there ? made->modules[id - FIRST_MODULE_ID] : (struct vmpf_module){.path = {"", 0}};
}

static struct vmpf_location feed_location(const void *ctx, uint32_t id)
{
    const struct vmpt_node_key *key = &((const struct import_made *)ctx)->nodes.keys[id];
    if (id == 0) {
        return (struct vmpf_location){0};
    }
    return (struct vmpf_location){
        FIRST_FUNCTION_ID + 2 * key->function + (key->kind == VMPF_KIND_JIT), key->line};
}

static struct vmpf_stack feed_stack(const void *ctx, uint32_t id)
{
    const struct vmpt_node_key *key = &((const struct import_made *)ctx)->nodes.keys[id];
    return (struct vmpf_stack){.parent = id ? key->parent : 0, .location = id};
}

static struct vmpf_thread feed_thread(const void *ctx, uint32_t id)
{
    return ((const struct import_made *)ctx)->threads[id];
}

static const struct vmpf_damage *feed_damage(const void *ctx)
{
    return &((const struct import_made *)ctx)->damage;
}

static void feed_format(const void *ctx, char *out, size_t out_size)
{
    (void)snprintf(out, out_size, "%s", ((const struct import_made *)ctx)->ops->format);
}

static const char *feed_caution(const void *ctx)
{
    return ((const struct import_made *)ctx)->ops->caution;
}

static void feed_close(void *ctx)
{
    struct import_made *made = ctx;
    made->ops->close(made->ctx);
    vmpt_functions_fini(&made->functions);
    vmpt_nodes_fini(&made->nodes);
    free(made->threads);
    free(made->modules);
    free(made->stack);
    free(made->thread);
    free(made->flags);
    free(made->time_ns);
    for (size_t k = 0; k < VMPF_MAX_VALUES; k++) {
        free(made->values[k]);
    }
    free(made);
}

static const struct vmpt_feed_ops feed_ops = {
    .next = feed_next,
    .session = feed_session,
    .session_count = feed_session_count,
    .info = feed_info,
    .function_count = feed_function_count,
    .location_count = feed_node_count,
    .stack_count = feed_node_count,
    .thread_count = feed_thread_count,
    .function = feed_function,
    .location = feed_location,
    .stack = feed_stack,
    .thread = feed_thread,
    .module = feed_module,
    .damage = feed_damage,
    .caution = feed_caution,
    .format = feed_format,
    .close = feed_close,
};

vmpf_status import_open(struct vmpt_feed *feed, struct import_made **out,
                        const struct import_ops *ops, void *ctx, struct vmpf_error *err)
{
    struct import_made *made = calloc(1, sizeof(*made));
    if (!made) {
        ops->close(ctx);
        return no_memory(err);
    }
    made->ops = ops;
    made->ctx = ctx;
    vmpt_functions_init(&made->functions);
    made->stack = vmpt_array(IMPORT_BLOCK_SAMPLES, sizeof(*made->stack));
    made->thread = vmpt_array(IMPORT_BLOCK_SAMPLES, sizeof(*made->thread));
    made->flags = vmpt_array(IMPORT_BLOCK_SAMPLES, sizeof(*made->flags));
    made->time_ns = vmpt_array(IMPORT_BLOCK_SAMPLES, sizeof(*made->time_ns));
    made->info.finished = true;
    made->info.format_version = 1;
    made->meta[0] = (struct vmpf_meta){.key = {VMPF_META_VALUES, strlen(VMPF_META_VALUES)},
                                       .type = VMPF_META_LIST,
                                       .items = made->value_items};
    made->info.meta = made->meta;
    made->info.meta_count = 1;
    feed->ops = &feed_ops;
    feed->ctx = made;
    *out = made;
    if (!vmpt_nodes_init(&made->nodes) || !made->stack || !made->thread || !made->flags ||
        !made->time_ns) {
        feed_close(made);
        return no_memory(err);
    }
    return VMPF_OK;
}
