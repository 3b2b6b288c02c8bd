#include "sampler/core/request.h"

#include <ctype.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <vmprof/vmps.h>

#include "sampler/core/session.h"

#define DEFAULT_PERIOD_NS UINT64_C(1000000)
#define MAX_VALUE_BYTES PATH_MAX

struct parse {
    struct vmps_request *request;
    char *why;
    size_t why_size_bytes;
};

/* ---- numbers ---------------------------------------------------------------------------------- */

static bool take_signal_offset(const char *text, int base, int *number)
{
    char *end;
    if (*text == '\0') {
        *number = base;
        return true;
    }
    if (*text != '+' || !isdigit((unsigned char)text[1])) {
        return false;
    }
    unsigned long offset = strtoul(text + 1, &end, 10);
    *number = base + (int)(offset < 100 ? offset : 100);
    return *end == '\0';
}

int vmps_request_signal(const char *name)
{
    static const struct {
        const char *name;
        int number;
    } known[] = {
        {"HUP", SIGHUP},   {"QUIT", SIGQUIT},   {"USR1", SIGUSR1},
        {"USR2", SIGUSR2}, {"WINCH", SIGWINCH},
    };
    const char *bare = strncmp(name, "SIG", 3) == 0 ? name + 3 : name;
    int number = 0;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        number = strcmp(bare, known[i].name) == 0 ? known[i].number : number;
    }
    if (strncmp(bare, "RTMIN", 5) == 0 && !take_signal_offset(bare + 5, SIGRTMIN, &number)) {
        return 0;
    }
    if (bare == name && isdigit((unsigned char)*name) && strlen(name) < 4) {
        char *end;
        number = (int)strtol(name, &end, 10);
        number = *end == '\0' ? number : 0;
    }
    return number != 0 && vmps_may_toggle(number) ? number : 0;
}

/* Digits, a point and digits only: what strtod() takes beside is no period. */
static bool take_decimal(const char *text, double *number, const char **rest)
{
    size_t size = strspn(text, "0123456789.");
    char digits[32], *end;
    if (size == 0 || size >= sizeof digits) {
        return false;
    }
    memcpy(digits, text, size);
    digits[size] = '\0';
    *number = strtod(digits, &end);
    *rest = text + size;
    return end != digits && *end == '\0';
}

static bool take_period(const char *text, uint64_t *period_ns)
{
    static const struct {
        const char *name;
        double ns;
    } units[] = {{"", 1e9}, {"s", 1e9}, {"ms", 1e6}, {"us", 1e3}, {"ns", 1}};
    double number;
    const char *unit;
    if (!take_decimal(text, &number, &unit)) {
        return false;
    }
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        double ns = number * units[i].ns + 0.5;
        if (strcmp(unit, units[i].name) == 0 && ns >= (double)VMPS_MIN_PERIOD_NS &&
            ns < (double)VMPS_MAX_PERIOD_NS + 1) {
            *period_ns = (uint64_t)ns;
            return true;
        }
    }
    return false;
}

/* ---- the options ------------------------------------------------------------------------------ */

static bool set_output(struct parse *parse, const char *value)
{
    char *to = parse->request->output;
    size_t left = sizeof parse->request->output;
    for (; *value != '\0' && left > 1; value++) {
        int size = 1;
        if (*value != '%' || value[1] == '%') {
            *to = *value;
        } else if (value[1] == 'p') {
            size = snprintf(to, left, "%ld", (long)getpid());
        } else {
            snprintf(parse->why, parse->why_size_bytes,
                     "out=: only %%p, the process's id, and %%%% may follow a percent sign");
            return false;
        }
        value += *value == '%' ? 1 : 0;
        if ((size_t)size >= left) {
            break;
        }
        to += size;
        left -= (size_t)size;
    }
    *to = '\0';
    if (*value != '\0' || to == parse->request->output) {
        snprintf(parse->why, parse->why_size_bytes, "out=: a file's name is missing, or too long");
        return false;
    }
    return true;
}

static bool set_period(struct parse *parse, const char *value)
{
    if (take_period(value, &parse->request->period_ns)) {
        return true;
    }
    snprintf(parse->why, parse->why_size_bytes,
             "period=%.40s: give seconds (0.001) or a unit (1ms, 100us), from 20us to below 1s",
             value);
    return false;
}

static bool set_toggle(struct parse *parse, const char *value)
{
    parse->request->toggle_signal = vmps_request_signal(value);
    if (parse->request->toggle_signal != 0) {
        return true;
    }
    snprintf(parse->why, parse->why_size_bytes,
             "toggle=%.40s: give SIGUSR1, SIGUSR2, SIGHUP, SIGQUIT, SIGWINCH or SIGRTMIN+N", value);
    return false;
}

static bool set_memory(struct parse *parse, const char *value)
{
    (void)value;
    parse->request->memory = true;
    return true;
}

static const struct {
    const char *name;
    bool has_value;
    bool (*set)(struct parse *parse, const char *value);
} known_options[] = {
    {"out", true, set_output},
    {"period", true, set_period},
    {"toggle", true, set_toggle},
    {"memory", false, set_memory},
};
#define OPTIONS (sizeof known_options / sizeof known_options[0])

/* One "NAME=VALUE"; seen: which were there before. */
static bool take_option(struct parse *parse, char *word, unsigned *seen)
{
    char *equals = strchr(word, '=');
    if (equals != NULL) {
        *equals = '\0';
    }
    for (size_t i = 0; i < OPTIONS; i++) {
        if (strcmp(word, known_options[i].name) != 0) {
            continue;
        }
        const char *wrong = (*seen & 1u << i) != 0 ? "is given twice" : NULL;
        if ((equals != NULL) != known_options[i].has_value) {
            wrong = equals == NULL ? "needs a value" : "takes no value";
        }
        if (wrong != NULL) {
            snprintf(parse->why, parse->why_size_bytes, "%s %s", word, wrong);
            return false;
        }
        *seen |= 1u << i;
        return known_options[i].set(parse, equals != NULL ? equals + 1 : NULL);
    }
    snprintf(parse->why, parse->why_size_bytes,
             "'%.40s' is not known; there are out=FILE, period=TIME, toggle=SIGNAL and memory",
             word);
    return false;
}

bool vmps_request_parse(const char *text, struct vmps_request *request, char *why,
                        size_t why_size_bytes)
{
    struct parse parse = {request, why, why_size_bytes};
    unsigned seen = 0;
    memset(request, 0, sizeof *request);
    request->period_ns = DEFAULT_PERIOD_NS;
    for (bool more = *text != '\0'; more;) {
        char word[MAX_VALUE_BYTES];
        size_t size = strcspn(text, ",");
        if (size >= sizeof word) {
            snprintf(why, why_size_bytes, "out=: the file's name is too long");
            return false;
        }
        memcpy(word, text, size);
        word[size] = '\0';
        if (!take_option(&parse, word, &seen)) {
            return false;
        }
        more = text[size] == ',';
        text += size + 1;
    }
    if (request->output[0] == '\0') {
        snprintf(why, why_size_bytes, "out=FILE is missing");
        return false;
    }
    return true;
}
