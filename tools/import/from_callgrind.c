#include "tools/import/from_callgrind.h"

#include <stdlib.h>
#include <string.h>

#include "tools/import/callgrind_stacks.h"
#include "tools/import/callgrind_text.h"
#include "tools/import/callgrind_words.h"
#include "tools/import/made.h"
#include "tools/import/text_input.h"
#include "tools/import/words.h"

/* Behind the name of the file, and in the profile. */
static const char caution[] = "callgrind keeps no stacks: those here are made to fit what its "
                              "calls cost; each function's own cost is exact, and its "
                              "total where functions do not call each other in a circle";

struct callgrind {
    struct text_input input;
    struct callgrind_data data;
    struct callgrind_stacks stacks;
    size_t at; /* the next sample */
    uint32_t thread;
};

bool import_is_callgrind(const uint8_t *head, size_t size_bytes)
{
    static const char *const keys[] = {
        "version:", "creator:", "pid:",       "cmd:",     "part:",  "thread:",
        "desc:",    "event:",   "positions:", "summary:", "totals:"};
    struct vmpf_string rest = {(const char *)head, size_bytes};
    bool is_said = import_starts_with(rest, "# callgrind format");
    while (!is_said && rest.size_bytes) {
        const char *end = memchr(rest.data, '\n', rest.size_bytes);
        if (!end) {
            return false; /* the line may go on */
        }
        struct vmpf_string line = {rest.data, (size_t)(end - rest.data)};
        rest = (struct vmpf_string){end + 1, rest.size_bytes - line.size_bytes - 1};
        if (callgrind_take_start(&line, "events:")) {
            return line.size_bytes && !(line.data[0] >= '0' && line.data[0] <= '9');
        }
        bool is_known = line.size_bytes == 0 || line.data[0] == '#' || line.data[0] == '\r';
        for (size_t i = 0; !is_known && i < sizeof(keys) / sizeof(keys[0]); i++) {
            is_known = import_starts_with(line, keys[i]);
        }
        if (!is_known) {
            return false;
        }
    }
    return is_said;
}

static void callgrind_close(void *ctx)
{
    struct callgrind *c = ctx;
    text_input_fini(&c->input);
    callgrind_data_fini(&c->data);
    callgrind_stacks_fini(&c->stacks);
    free(c);
}

/* Of a cost that is spread over samples as the first event is, what belongs to its first `part` of `whole`. */
static uint64_t share(uint64_t cost, uint64_t part, uint64_t whole)
{
    return (uint64_t)((unsigned __int128)cost * part / whole);
}

static void add_sample(const struct callgrind *c, struct import_made *made,
                       const struct callgrind_sample *sample)
{
    const struct callgrind_way *way = &c->data.ways[sample->way];
    uint64_t values[VMPF_MAX_VALUES] = {sample->amount};
    for (size_t i = 1; i < c->data.event_count; i++) {
        uint64_t cost = c->data.more[way->more + i - 1];
        values[i] = way->cost ? share(cost, sample->before + sample->amount, way->cost) -
                                    share(cost, sample->before, way->cost)
                              : cost;
    }
    import_sample(made, sample->stack, c->thread, 0, values);
}

static vmpf_status callgrind_more(void *ctx, struct import_made *made, struct vmpf_error *err)
{
    struct callgrind *c = ctx;
    (void)err;
    for (; c->at < c->stacks.count; c->at++) {
        if (import_is_full(made)) {
            return VMPF_OK;
        }
        add_sample(c, made, &c->stacks.items[c->at]);
    }
    return VMPF_END;
}

static const struct import_ops callgrind_ops = {
    .more = callgrind_more, .close = callgrind_close, .format = "callgrind", .caution = caution};

static vmpf_status begin(struct callgrind *c, struct import_made *made, struct vmpf_error *err)
{
    const struct vmpf_string note = {caution, strlen(caution)};
    vmpf_status status = callgrind_read(&c->data, &c->input, made, err);
    if (status != VMPF_OK) {
        return status;
    }
    const struct vmpf_thread thread = {.process_id = c->data.process_id, .name = {"", 0}};
    c->thread = import_thread(made, &thread);
    return c->thread != IMPORT_NO_ID && import_set_text(made, VMPF_META_NOTE, note) &&
                   callgrind_stacks_make(&c->stacks, &c->data, made)
               ? VMPF_OK
               : import_fail(err, VMPF_E_NOMEM, "not enough memory");
}

vmpf_status import_open_callgrind(struct vmpt_feed *feed, struct vmpf_source source,
                                  uint32_t skip_columns, struct vmpf_error *err)
{
    struct callgrind *c = calloc(1, sizeof(*c));
    struct import_made *made;
    (void)skip_columns;
    if (!c) {
        vmpf_source_close(&source);
        return import_fail(err, VMPF_E_NOMEM, "not enough memory");
    }
    text_input_init(&c->input, source);
    vmpf_status status = import_open(feed, &made, &callgrind_ops, c, err);
    if (status != VMPF_OK) {
        return status;
    }
    status = begin(c, made, err);
    if (status != VMPF_OK) {
        feed->ops->close(feed->ctx);
    }
    return status;
}
