#include "tools/import/callgrind_text.h"

#include <stdlib.h>
#include <string.h>

#include "tools/import/callgrind_names.h"
#include "tools/import/callgrind_words.h"
#include "tools/import/words.h"

#define MAX_POSITIONS 3u /* instr bb line */
#define MAX_COLUMNS 64u
#define NO_FUNCTION UINT32_MAX

struct reader {
    struct callgrind_data *data;
    struct text_input *input;
    struct import_made *made;
    struct callgrind_names names;
    struct callgrind_place here, callee; /* of callee, what is not said is empty */
    struct vmpf_string
        own_file; /* of the function; `here` may be another, which code was inlined from */
    uint32_t function, code; /* NO_FUNCTION: not looked up yet */
    bool in_call;            /* the next line of costs is that of a call */
    uint64_t target_line;
    size_t position_count, line_position;
    uint64_t positions[MAX_POSITIONS];
    size_t column_count;
    size_t columns[MAX_COLUMNS]; /* the values that costs are of; VMPF_MAX_VALUES: of none */
    bool has_process, has_program, no_memory;
};

static struct vmpf_string piece(const char *data, size_t size)
{
    return (struct vmpf_string){data, size};
}

static void lose(struct reader *r, uint64_t lost_bytes, const char *why)
{
    import_damage(r->made, r->input->line_offset, 0, lost_bytes, "%s", why);
}

static bool take_positions(struct reader *r, struct vmpf_string *text, uint64_t *out)
{
    bool done = true;
    for (size_t i = 0; done && i < r->position_count; i++) {
        done = callgrind_take_position(text, r->positions[i], &out[i]);
    }
    return done;
}

static uint64_t line_of(const struct reader *r, const uint64_t *positions)
{
    uint64_t line = r->line_position < MAX_POSITIONS ? positions[r->line_position] : 0;
    return line <= INT32_MAX ? line : 0;
}

/* ---- what costs something -------------------------------------------------------------------------- */

static struct vmpf_string name_of(struct reader *r, unsigned kind, struct vmpf_string text)
{
    bool is_known = true;
    struct vmpf_string name = {"", 0};
    r->no_memory = !callgrind_name(&r->names, kind, text, &name, &is_known) || r->no_memory;
    if (!is_known) {
        lose(r, 0, "a number stands for a name that was never said");
    }
    return name;
}

static uint32_t function_at(struct reader *r, const struct callgrind_place *place)
{
    struct callgrind_data *data = r->data;
    const struct vmpf_function function = callgrind_function(place);
    uint32_t index = vmpt_functions_intern(&data->functions, &function);
    if (index == VMPT_NO_FUNCTION || !vmpt_reserve(&data->first_lines, &data->first_line_capacity,
                                                   (size_t)index + 1, sizeof(*data->first_lines))) {
        r->no_memory = true;
        return NO_FUNCTION;
    }
    return index;
}

static void add_way(struct reader *r, const struct callgrind_way *way)
{
    struct callgrind_data *data = r->data;
    if (data->way_count >= UINT32_MAX ||
        !vmpt_reserve(&data->ways, &data->way_capacity, data->way_count + 1, sizeof(*way))) {
        r->no_memory = true;
        return;
    }
    data->ways[data->way_count++] = *way;
}

static void find_function(struct reader *r)
{
    if (r->function == NO_FUNCTION) {
        struct callgrind_place own = r->here;
        own.file = r->own_file;
        r->function = function_at(r, &own);
    }
    if (r->code == NO_FUNCTION) {
        r->code = function_at(r, &r->here);
    }
}

/* Costs by event, as many as there are. False: one is no number, or more than a profile can hold. */
static bool take_costs(const struct reader *r, struct vmpf_string text, uint64_t *costs)
{
    memset(costs, 0, VMPF_MAX_VALUES * sizeof(*costs));
    for (size_t i = 0;; i++) {
        uint64_t cost;
        struct vmpf_string word = callgrind_take_word(&text);
        if (word.size_bytes == 0) {
            return true;
        }
        if (!callgrind_number(word, &cost) || cost > INT64_MAX) {
            return false;
        }
        size_t value = i < r->column_count ? r->columns[i] : VMPF_MAX_VALUES;
        if (value < VMPF_MAX_VALUES) {
            costs[value] = cost;
        }
    }
}

static void add_line(struct reader *r, uint64_t line, const uint64_t *costs)
{
    struct callgrind_data *data = r->data;
    uint64_t any = 0;
    for (size_t i = 0; i < data->event_count; i++) {
        any |= costs[i];
        if (costs[i] > (uint64_t)INT64_MAX - data->sums[i]) {
            lose(r, 0, "its costs add up to more than a profile can hold");
            return;
        }
    }
    if (!any) {
        return; /* as behind a jump */
    }
    const struct callgrind_way way = {.function = r->function,
                                      .code = r->code,
                                      .line = (uint32_t)line,
                                      .callee = CALLGRIND_NO_CALLEE,
                                      .cost = costs[0],
                                      .more = data->more_count};
    size_t more = data->event_count - 1;
    if (!vmpt_reserve(&data->more, &data->more_capacity, data->more_count + more,
                      sizeof(*data->more))) {
        r->no_memory = true;
        return;
    }
    for (size_t i = 0; i < data->event_count; i++) {
        data->sums[i] += costs[i];
        if (i > 0) {
            data->more[data->more_count++] = costs[i];
        }
    }
    add_way(r, &way);
}

static void add_call(struct reader *r, uint64_t line, uint64_t cost)
{
    struct callgrind_place callee = r->callee;
    callee.object = callee.object.size_bytes ? callee.object : r->here.object;
    callee.file = callee.file.size_bytes ? callee.file : r->here.file;
    r->in_call = false;
    memset(&r->callee, 0, sizeof(r->callee));
    uint32_t index = function_at(r, &callee);
    if (index == NO_FUNCTION) {
        return;
    }
    uint32_t *first_line = &r->data->first_lines[index];
    if (r->target_line && (!*first_line || r->target_line < *first_line)) {
        *first_line = (uint32_t)r->target_line;
    }
    const struct callgrind_way way = {.function = r->function,
                                      .code = r->code,
                                      .line = (uint32_t)line,
                                      .callee = index,
                                      .cost = cost};
    add_way(r, &way);
}

static void take_cost_line(struct reader *r, struct vmpf_string text)
{
    uint64_t positions[MAX_POSITIONS] = {0};
    uint64_t costs[VMPF_MAX_VALUES];
    struct vmpf_string rest = text;
    if (r->data->event_count == 0) {
        lose(r, text.size_bytes, "there are costs before it is said of which events");
        return;
    }
    if (!take_positions(r, &rest, positions) || !take_costs(r, rest, costs)) {
        lose(r, text.size_bytes, "a number is none, or too large");
        r->in_call = false;
        return;
    }
    memcpy(r->positions, positions, sizeof(positions));
    find_function(r);
    if (r->no_memory) {
        return;
    }
    if (r->in_call) {
        add_call(r, line_of(r, positions), costs[0]);
    } else {
        add_line(r, line_of(r, positions), costs);
    }
}

/* "calls=2 50": how often is not needed. */
static void take_calls(struct reader *r, struct vmpf_string text)
{
    uint64_t count;
    uint64_t target[MAX_POSITIONS] = {0};
    struct vmpf_string word = callgrind_take_word(&text);
    if (!callgrind_number(word, &count)) {
        lose(r, 0, "a number of calls is none");
    }
    r->target_line = take_positions(r, &text, target) ? line_of(r, target) : 0;
    r->in_call = true;
}

/* "KEY=VALUE". False: it is none that is known. */
static bool take_assignment(struct reader *r, struct vmpf_string text)
{
    if (callgrind_take_start(&text, "fn=")) {
        r->here.function = name_of(r, CALLGRIND_FUNCTION, text);
        r->own_file = r->here.file;
        r->function = r->code = NO_FUNCTION;
    } else if (callgrind_take_start(&text, "fl=") || callgrind_take_start(&text, "fi=") ||
               callgrind_take_start(&text, "fe=")) {
        r->here.file = name_of(r, CALLGRIND_FILE, text);
        r->code = NO_FUNCTION;
    } else if (callgrind_take_start(&text, "ob=")) {
        r->here.object = name_of(r, CALLGRIND_OBJECT, text);
        r->code = NO_FUNCTION;
    } else if (callgrind_take_start(&text, "cfn=")) {
        r->callee.function = name_of(r, CALLGRIND_FUNCTION, text);
    } else if (callgrind_take_start(&text, "cfi=") || callgrind_take_start(&text, "cfl=")) {
        r->callee.file = name_of(r, CALLGRIND_FILE, text);
    } else if (callgrind_take_start(&text, "cob=")) {
        r->callee.object = name_of(r, CALLGRIND_OBJECT, text);
    } else if (callgrind_take_start(&text, "calls=")) {
        take_calls(r, text);
    } else if (callgrind_take_start(&text, "jfi=")) {
        (void)name_of(r, CALLGRIND_FILE,
                      text); /* which may be the first to say what a number stands for */
    } else if (callgrind_take_start(&text, "jfn=")) {
        (void)name_of(r, CALLGRIND_FUNCTION, text);
    } else {
        return callgrind_take_start(&text, "jump=") || callgrind_take_start(&text, "jcnd=");
    }
    return true;
}

/* ---- what stands before ---------------------------------------------------------------------------- */

static void take_position_names(struct reader *r, struct vmpf_string text)
{
    r->position_count = 0;
    r->line_position = MAX_POSITIONS;
    for (;;) {
        struct vmpf_string word = callgrind_take_word(&text);
        if (word.size_bytes == 0 || r->position_count == MAX_POSITIONS) {
            return;
        }
        if (import_is_text(word, "line")) {
            r->line_position = r->position_count;
        }
        r->position_count++;
    }
}

/* The value of an event; a first one is made. */
static size_t value_of(struct reader *r, struct vmpf_string event, bool is_first)
{
    const struct vmpf_info *info = &r->made->info;
    char name[CALLGRIND_NAME_BYTES];
    const char *unit = callgrind_event(event, name);
    for (size_t i = 0; !is_first && i < info->value_count; i++) {
        if (import_is_text(info->values[i].name, name)) {
            return i;
        }
    }
    if (!is_first || info->value_count == VMPF_MAX_VALUES) {
        return VMPF_MAX_VALUES;
    }
    r->no_memory = !import_add_value(r->made, name, unit) || r->no_memory;
    return info->value_count - 1;
}

/* Each part says its events; those that the first has not are left out. */
static void take_events(struct reader *r, struct vmpf_string text)
{
    bool is_first = r->data->event_count == 0;
    r->column_count = 0;
    for (;;) {
        struct vmpf_string word = callgrind_take_word(&text);
        if (word.size_bytes == 0 || r->column_count == MAX_COLUMNS) {
            break;
        }
        size_t value = value_of(r, word, is_first);
        if (!is_first && value == VMPF_MAX_VALUES && r->data->event_count < VMPF_MAX_VALUES) {
            lose(r, 0, "a part has an event that the first part has not");
        }
        r->columns[r->column_count++] = value;
    }
    r->data->event_count = r->made->info.value_count;
}

/* "KEY: VALUE"; those that say nothing that a profile holds are passed over. */
static bool take_header(struct reader *r, struct vmpf_string text)
{
    size_t size = 0;
    if (callgrind_take_start(&text, "events:")) {
        take_events(r, text);
    } else if (callgrind_take_start(&text, "positions:")) {
        take_position_names(r, text);
    } else if (callgrind_take_start(&text, "cmd:")) {
        if (!r->has_program && text.size_bytes) {
            r->no_memory = !import_set_text(r->made, VMPF_META_PROGRAM, text) || r->no_memory;
            r->has_program = true;
        }
    } else if (callgrind_take_start(&text, "pid:")) {
        struct vmpf_string word = callgrind_take_word(&text);
        if (!r->has_process) {
            r->has_process = callgrind_number(word, &r->data->process_id);
        }
    } else {
        while (size < text.size_bytes && text.data[size] >= 'a' && text.data[size] <= 'z') {
            size++;
        }
        return size > 0 && size < text.size_bytes && text.data[size] == ':';
    }
    return true;
}

/* ---- all of it ------------------------------------------------------------------------------------- */

static void take_line(struct reader *r, struct vmpf_string line)
{
    const char first = *(line.size_bytes ? line.data : "#");
    if (first == '#') {
        return;
    }
    if ((first >= '0' && first <= '9') || first == '+' || first == '-' || first == '*') {
        take_cost_line(r, line);
    } else if (!take_assignment(r, line) && !take_header(r, line)) {
        lose(r, line.size_bytes, "a line is none of callgrind's format");
    }
}

static vmpf_status read_lines(struct reader *r, struct vmpf_error *err)
{
    for (;;) {
        char *text;
        size_t size;
        vmpf_status status = text_input_line(r->input, &text, &size, err);
        if (status != VMPF_OK) {
            text_input_end(r->input, r->made);
            return status == VMPF_END ? VMPF_OK : status;
        }
        struct vmpf_string line = piece(text, size);
        callgrind_skip_blanks(&line);
        take_line(r, line);
        if (r->no_memory) {
            return import_fail(err, VMPF_E_NOMEM, "not enough memory");
        }
    }
}

vmpf_status callgrind_read(struct callgrind_data *data, struct text_input *input,
                           struct import_made *made, struct vmpf_error *err)
{
    struct reader r = {.data = data,
                       .input = input,
                       .made = made,
                       .function = NO_FUNCTION,
                       .code = NO_FUNCTION,
                       .position_count = 1};
    memset(data, 0, sizeof(*data));
    vmpt_functions_init(&data->functions);
    callgrind_names_init(&r.names);
    vmpf_status status = read_lines(&r, err);
    callgrind_names_fini(&r.names);
    if (status == VMPF_OK && data->event_count == 0) {
        status = import_fail(err, VMPF_E_NOT_VMPROF, "it says no events, as callgrind's files do");
    }
    return status;
}

void callgrind_data_fini(struct callgrind_data *data)
{
    vmpt_functions_fini(&data->functions);
    free(data->first_lines);
    free(data->ways);
    free(data->more);
    memset(data, 0, sizeof(*data));
}
