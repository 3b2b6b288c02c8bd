#include "tools/import/austin.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define NS_PER_US 1000u

bool austin_number(struct vmpf_string text, unsigned base, uint64_t *value)
{
    *value = 0;
    for (size_t i = 0; i < text.size_bytes; i++) {
        unsigned char c = (unsigned char)text.data[i];
        unsigned digit = c >= '0' && c <= '9'   ? c - (unsigned)'0'
                         : c >= 'a' && c <= 'f' ? c - (unsigned)'a' + 10
                                                : base;
        if (digit >= base || *value > ((uint64_t)INT64_MAX - digit) / base) {
            return false;
        }
        *value = base * *value + digit;
    }
    return text.size_bytes > 0;
}

static bool is_text(struct vmpf_string text, const char *other)
{
    return text.size_bytes == strlen(other) && memcmp(text.data, other, text.size_bytes) == 0;
}

static bool has_wall(enum austin_mode mode)
{
    return mode == AUSTIN_WALL || mode == AUSTIN_FULL || mode == AUSTIN_WALL_MEMORY;
}

static bool has_cpu(enum austin_mode mode)
{
    return mode == AUSTIN_CPU || mode == AUSTIN_FULL;
}

static bool has_memory(enum austin_mode mode)
{
    return mode == AUSTIN_MEMORY || mode == AUSTIN_FULL || mode == AUSTIN_WALL_MEMORY;
}

bool austin_add_values(struct import_made *made, enum austin_mode mode)
{
    if (mode == AUSTIN_UNKNOWN) {
        return import_add_value(made, "weight", "count");
    }
    return (!has_wall(mode) || import_add_value(made, "wall", "ns")) &&
           (!has_cpu(mode) || import_add_value(made, "cpu", "ns")) &&
           (!has_memory(mode) || (import_add_value(made, "allocated", "bytes") &&
                                  import_add_value(made, "freed", "bytes")));
}

bool austin_values(enum austin_mode mode, const struct austin_metrics *metrics, uint64_t *values)
{
    size_t i = 0;
    uint64_t scale = mode == AUSTIN_UNKNOWN ? 1 : NS_PER_US;
    if (metrics->time_us > (uint64_t)INT64_MAX / scale ||
        metrics->allocated_bytes > (uint64_t)INT64_MAX ||
        metrics->freed_bytes > (uint64_t)INT64_MAX) {
        return false;
    }
    uint64_t time_ns = metrics->time_us * scale;
    if (mode == AUSTIN_UNKNOWN || has_wall(mode)) {
        values[i++] = time_ns;
    }
    if (has_cpu(mode)) {
        values[i++] = metrics->is_idle ? 0 : time_ns;
    }
    if (has_memory(mode)) {
        values[i++] = metrics->allocated_bytes;
        values[i++] = metrics->freed_bytes;
    }
    return true;
}

void austin_take_metadata(struct import_made *made, struct vmpf_string key,
                          struct vmpf_string value, enum austin_mode *mode)
{
    uint64_t number;
    bool is_time = austin_number(value, 10, &number) && number <= (uint64_t)INT64_MAX / NS_PER_US;
    if (is_text(key, "mode")) {
        *mode = is_text(value, "wall")     ? AUSTIN_WALL
                : is_text(value, "cpu")    ? AUSTIN_CPU
                : is_text(value, "memory") ? AUSTIN_MEMORY
                : is_text(value, "full")   ? AUSTIN_FULL
                                           : *mode;
    } else if (is_text(key, "interval") && is_time && made->info.meta_count == 1) {
        import_set_period(made, number * NS_PER_US);
    } else if (is_text(key, "duration") && is_time) {
        made->info.end_ns = number * NS_PER_US;
    }
}

uint32_t austin_thread(struct import_made *made, uint64_t process_id, uint64_t interpreter,
                       struct vmpf_string thread, unsigned base)
{
    char name[sizeof("interpreter 18446744073709551615")] = "";
    struct vmpf_thread wanted = {.process_id = process_id, .name = {name, 0}};
    if (!austin_number(thread, base, &wanted.thread_id)) {
        wanted.thread_id = 0;
        wanted.name = thread;
    } else if (interpreter) {
        wanted.name.size_bytes =
            (size_t)snprintf(name, sizeof(name), "interpreter %" PRIu64, interpreter);
    }
    return import_thread(made, &wanted);
}

static bool begins_with(struct vmpf_string text, const char *start)
{
    size_t size = strlen(start);
    return text.size_bytes >= size && memcmp(text.data, start, size) == 0;
}

struct vmpf_function austin_function(struct vmpf_string file, struct vmpf_string name)
{
    struct vmpf_function function = {.name = name, .file = file, .kind = VMPF_KIND_PY};
    if (file.size_bytes == 0) { /* ":GC:", ":INVALID:" */
        function.kind = is_text(name, "GC") ? VMPF_KIND_GC : VMPF_KIND_UNKNOWN;
    } else if (is_text(file, "kernel")) {
        function.kind = VMPF_KIND_KERNEL;
    } else if (begins_with(file, "native@")) {
        function.kind = VMPF_KIND_NATIVE;
    }
    return function;
}
