#include "libvmprof_fmt/src/legacy/log_record.h"

#include "libvmprof_fmt/src/base/error.h"
#include "libvmprof_fmt/src/legacy/log_number.h"

#include <string.h>

#define MAX_DEPTH 65536u
#define MAX_NAME_BYTES 65536u
#define MAX_META_BYTES 1048576u
#define MAX_PREFIX_BYTES 8u
#define ZONE_BYTES 8u
/* As much as tells whether a record may begin: a byte more, a marker, two words or an address and a word. */
#define BEGINNING_BYTES 32u
#define MAX_HEX_BYTES 4096u

/* A view of the window from a record's start on; it is asked for anew when more is wanted. What a record points to is
 * taken from it last: behind a record, and BEGINNING_BYTES more, nothing is looked at before it is taken. */
struct view {
    const struct vmpfi_log_place *place;
    const uint8_t *data;
    size_t size_bytes;
    struct vmpf_error *err;
};

static vmpf_status look(struct view *view, size_t size_bytes)
{
    struct vmpfi_log_window *window = view->place->window;
    VMPF_TRY(vmpfi_log_window_ensure(window, size_bytes, view->err));
    view->data = vmpfi_log_window_data(window);
    view->size_bytes = vmpfi_log_window_left(window);
    return VMPF_OK;
}

/* ---- beginnings ------------------------------------------------------------------------------------ */

static bool is_marker(const struct vmpfi_log_layout *layout, uint8_t byte)
{
    bool old =
        byte == VMPFI_LOG_STACKTRACE || byte == VMPFI_LOG_VIRTUAL_IP || byte == VMPFI_LOG_TRAILER;
    return old || (layout->version > 0 && byte >= VMPFI_LOG_TIME_N_ZONE &&
                   byte <= VMPFI_LOG_NATIVE_SYMBOLS);
}

/* A number that the input ends within holds [L-3.3-2]. */
static bool is_within(const struct view *view, size_t at, size_t least, size_t most)
{
    size_t word_bytes = view->place->layout->word_bytes;
    if (at + word_bytes > view->size_bytes) {
        return true;
    }
    uint64_t number = vmpfi_log_number(view->data + at, word_bytes);
    return number >= least && number <= most;
}

/* [L-3.3-2], and the end of the input. */
static bool is_beginning(const struct view *view, size_t at)
{
    const struct vmpfi_log_layout *layout = view->place->layout;
    if (at == view->size_bytes) {
        return true;
    }
    if (!is_marker(layout, view->data[at])) {
        return false;
    }
    switch (view->data[at]) {
    case VMPFI_LOG_STACKTRACE:
        return is_within(view, at + 1, 1, 1) ||
               is_within(view, at + 1 + layout->word_bytes, 0, MAX_DEPTH);
    case VMPFI_LOG_VIRTUAL_IP:
    case VMPFI_LOG_NATIVE_SYMBOLS:
        return is_within(view, at + 1 + layout->address_bytes, 0, MAX_NAME_BYTES);
    case VMPFI_LOG_META: return is_within(view, at + 1, 0, MAX_META_BYTES);
    default: return true;
    }
}

static vmpf_status may_end(struct view *view, size_t at, bool *may)
{
    VMPF_TRY(look(view, at + BEGINNING_BYTES));
    *may = is_beginning(view, at) ||
           (view->data[at] >= 0x09 && view->data[at] <= 0x1F && is_beginning(view, at + 1));
    return VMPF_OK;
}

vmpf_status vmpfi_log_may_end(const struct vmpfi_log_place *place, size_t at, bool *may,
                              struct vmpf_error *err)
{
    struct view view = {.place = place, .err = err};
    VMPF_TRY(look(&view, at));
    *may = false;
    return at <= view.size_bytes ? may_end(&view, at, may) : VMPF_OK;
}

/* ---- stacks ---------------------------------------------------------------------------------------- */

/* [L-4-3], [L-4-4] */
static bool words_are_sound(const struct vmpfi_log_layout *layout, const uint8_t *words,
                            size_t count)
{
    size_t address_bytes = layout->address_bytes;
    if ((layout->pairs || layout->lines) && count % 2 != 0) {
        return false;
    }
    bool sound = true;
    for (size_t i = 0; layout->pairs && sound && i < count; i += 2) {
        uint64_t kind = vmpfi_log_number(words + i * address_bytes, address_bytes);
        sound = kind >= 1 && kind <= 7;
    }
    return sound;
}

/* [L-4-5]: the word of memory, where the record stands with it. */
static vmpf_status take_memory(struct view *view, struct vmpfi_log_record *record)
{
    size_t address_bytes = view->place->layout->address_bytes;
    size_t with_bytes = record->size_bytes + address_bytes;
    bool stands = false;
    VMPF_TRY(look(view, with_bytes + BEGINNING_BYTES));
    if (with_bytes <= view->size_bytes) {
        VMPF_TRY(may_end(view, with_bytes, &stands));
    }
    if (stands) {
        record->memory_kb = vmpfi_log_number(view->data + record->size_bytes, address_bytes);
        record->memory_known = true;
        record->size_bytes = with_bytes;
    }
    return VMPF_OK;
}

/* Where the thread is [L-4-6]; the words that are there are sound. false: it is one of no words. */
static bool take_thread(struct view *view, struct vmpfi_log_record *record, size_t words_at)
{
    const struct vmpfi_log_layout *layout = view->place->layout;
    size_t end = words_at + record->word_count * layout->address_bytes;
    record->size_bytes = end;
    if (layout->thread_is_word) {
        if (record->word_count == 0) {
            return false;
        }
        record->word_count--;
        record->thread =
            vmpfi_log_number(view->data + end - layout->address_bytes, layout->address_bytes);
    } else if (layout->version >= 1) {
        record->thread = vmpfi_log_number(view->data + end, layout->address_bytes);
        record->size_bytes = end + layout->address_bytes;
    }
    return true;
}

static vmpf_status take_stack(struct view *view, struct vmpfi_log_record *record, bool *whole)
{
    const struct vmpfi_log_layout *layout = view->place->layout;
    size_t words_at = 1 + 2 * layout->word_bytes;
    if (words_at > view->size_bytes) {
        return VMPF_OK;
    }
    uint64_t count = vmpfi_log_number(view->data + 1, layout->word_bytes);
    uint64_t depth = vmpfi_log_number(view->data + 1 + layout->word_bytes, layout->word_bytes);
    if (count != 1 || depth > MAX_DEPTH) { /* [L-4-1] */
        return VMPF_OK;
    }
    size_t thread_bytes =
        layout->version >= 1 && !layout->thread_is_word ? layout->address_bytes : 0;
    size_t end = words_at + (size_t)depth * layout->address_bytes + thread_bytes;
    VMPF_TRY(look(view, end + BEGINNING_BYTES));
    if (end > view->size_bytes || !words_are_sound(layout, view->data + words_at, (size_t)depth)) {
        return VMPF_OK;
    }
    record->word_count = (size_t)depth;
    *whole = take_thread(view, record, words_at);
    if (*whole && layout->memory) {
        VMPF_TRY(take_memory(view, record));
    }
    record->words = view->data + words_at;
    return VMPF_OK;
}

/* ---- the others ------------------------------------------------------------------------------------ */

/* Looks as far as the end of a `str` at `at`; *end is behind it, 0: it is not whole, or over its limit. */
static vmpf_status look_string(struct view *view, size_t at, size_t limit, size_t *end)
{
    size_t text_at = at + view->place->layout->word_bytes;
    *end = 0;
    VMPF_TRY(look(view, text_at));
    if (text_at > view->size_bytes) {
        return VMPF_OK;
    }
    uint64_t size_bytes = vmpfi_log_number(view->data + at, text_at - at);
    if (size_bytes > limit) {
        return VMPF_OK;
    }
    VMPF_TRY(look(view, text_at + (size_t)size_bytes));
    *end = text_at + (size_t)size_bytes <= view->size_bytes ? text_at + (size_t)size_bytes : 0;
    return VMPF_OK;
}

static struct vmpf_string string_of(const struct view *view, size_t at, size_t end)
{
    size_t text_at = at + view->place->layout->word_bytes;
    return (struct vmpf_string){.data = (const char *)view->data + text_at,
                                .size_bytes = end - text_at};
}

static vmpf_status take_name(struct view *view, struct vmpfi_log_record *record, bool *whole)
{
    size_t at = 1 + view->place->layout->address_bytes;
    VMPF_TRY(look_string(view, at, MAX_NAME_BYTES, &record->size_bytes));
    *whole = record->size_bytes > 0;
    VMPF_TRY(look(view, record->size_bytes + BEGINNING_BYTES));
    if (*whole) {
        record->id = vmpfi_log_number(view->data + 1, at - 1);
        record->text = string_of(view, at, record->size_bytes);
    }
    return VMPF_OK;
}

static vmpf_status take_meta(struct view *view, struct vmpfi_log_record *record, bool *whole)
{
    size_t middle;
    VMPF_TRY(look_string(view, 1, MAX_META_BYTES, &middle));
    if (middle > 0) {
        VMPF_TRY(look_string(view, middle, MAX_META_BYTES, &record->size_bytes));
    }
    *whole = record->size_bytes > 0;
    VMPF_TRY(look(view, record->size_bytes + BEGINNING_BYTES));
    if (*whole) {
        record->text = string_of(view, 1, middle);
        record->value = string_of(view, middle, record->size_bytes);
    }
    return VMPF_OK;
}

/* TIME_N_ZONE, and TRAILER as its version has it. */
static void take_time(const struct view *view, struct vmpfi_log_record *record, bool *whole)
{
    const struct vmpfi_log_layout *layout = view->place->layout;
    bool trailer = record->marker == VMPFI_LOG_TRAILER;
    size_t number_bytes = trailer && layout->early_5 ? layout->word_bytes : 8;
    size_t zone_bytes = trailer && layout->early_5 ? 0 : ZONE_BYTES;
    if (trailer && layout->version < 5) {
        record->size_bytes = 1;
        *whole = true;
        return;
    }
    record->size_bytes = 1 + 2 * number_bytes + zone_bytes;
    *whole = record->size_bytes <= view->size_bytes;
    if (*whole) {
        record->time = vmpfi_log_time_at(view->data + 1, number_bytes);
    }
}

static vmpf_status take_fields(struct view *view, struct vmpfi_log_record *record, bool *whole)
{
    switch (record->marker) {
    case VMPFI_LOG_STACKTRACE: return take_stack(view, record, whole);
    case VMPFI_LOG_VIRTUAL_IP:
    case VMPFI_LOG_NATIVE_SYMBOLS: return take_name(view, record, whole);
    case VMPFI_LOG_META: return take_meta(view, record, whole);
    default: take_time(view, record, whole); return VMPF_OK;
    }
}

/* ---- standing -------------------------------------------------------------------------------------- */

static bool is_maps_digit(uint8_t byte)
{
    return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'f');
}

bool vmpfi_log_maps_follow(const struct vmpfi_log_place *place,
                           const struct vmpfi_log_record *record)
{
    const struct vmpfi_log_window *window = place->window;
    return place->layout->version <= 1 && vmpfi_log_window_left(window) > record->size_bytes &&
           is_maps_digit(vmpfi_log_window_data(window)[record->size_bytes]);
}

/* Behind a TRAILER more may come than behind another record [L-3.3-1]. */
static bool trailer_stands(const struct vmpfi_log_place *place,
                           const struct vmpfi_log_record *record)
{
    return vmpfi_log_maps_follow(place, record) || (record->time.known && place->start.known &&
                                                    record->time.unix_ns >= place->start.unix_ns);
}

vmpf_status vmpfi_log_record_here(const struct vmpfi_log_place *place,
                                  struct vmpfi_log_record *record, bool *stands,
                                  struct vmpf_error *err)
{
    struct view view = {.place = place, .err = err};
    bool whole = false;
    *stands = false;
    VMPF_TRY(look(&view, BEGINNING_BYTES));
    if (view.size_bytes == 0 || !is_marker(place->layout, view.data[0])) {
        return VMPF_OK; /* [L-3.1-5], too */
    }
    *record = (struct vmpfi_log_record){.marker = view.data[0], .offset = place->window->offset};
    VMPF_TRY(take_fields(&view, record, &whole));
    if (!whole) {
        return VMPF_OK;
    }
    VMPF_TRY(may_end(&view, record->size_bytes, stands));
    *stands = *stands || (record->marker == VMPFI_LOG_TRAILER && trailer_stands(place, record));
    return VMPF_OK;
}

/* ---- going on behind damage ------------------------------------------------------------------------ */

size_t vmpfi_log_prefix_bytes(struct vmpf_string text)
{
    size_t letters = 0;
    while (letters < text.size_bytes && letters <= MAX_PREFIX_BYTES && text.data[letters] >= 'a' &&
           text.data[letters] <= 'z') {
        letters++;
    }
    bool is_prefix = letters >= 1 && letters <= MAX_PREFIX_BYTES && letters < text.size_bytes &&
                     text.data[letters] == ':';
    return is_prefix ? letters + 1 : 0;
}

/* The end of the input, or the first address of the text of maps. */
static vmpf_status trailer_is_sure(struct view *view, const struct vmpfi_log_record *record,
                                   bool *sure)
{
    size_t at = record->size_bytes;
    VMPF_TRY(look(view, at + MAX_HEX_BYTES));
    *sure = at == view->size_bytes;
    if (*sure || !vmpfi_log_maps_follow(view->place, record)) {
        return VMPF_OK;
    }
    while (at < view->size_bytes && is_maps_digit(view->data[at])) {
        at++;
    }
    *sure = at < view->size_bytes && view->data[at] == '-';
    return VMPF_OK;
}

vmpf_status vmpfi_log_record_is_sure(const struct vmpfi_log_place *place,
                                     const struct vmpfi_log_record *record, bool *sure,
                                     struct vmpf_error *err)
{
    struct view view = {.place = place, .err = err};
    *sure = true;
    switch (record->marker) {
    case VMPFI_LOG_STACKTRACE: return VMPF_OK;
    case VMPFI_LOG_VIRTUAL_IP:
    case VMPFI_LOG_NATIVE_SYMBOLS: *sure = vmpfi_log_prefix_bytes(record->text) > 0; return VMPF_OK;
    case VMPFI_LOG_TRAILER: return trailer_is_sure(&view, record, sure);
    default: *sure = false; return VMPF_OK;
    }
}
