#include "tools/common/duration.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct unit {
    const char *name;
    double ns;
};

/* From the smallest; the first name is the one that is printed. */
static const struct unit units[] = {
    {"ns", 1},   {"us", 1e3}, {"\xC2\xB5s", 1e3}, {"\xCE\xBCs", 1e3},
    {"ms", 1e6}, {"s", 1e9},  {"m", 60e9},        {"h", 3600e9},
};
#define UNIT_COUNT (sizeof(units) / sizeof(units[0]))

static const double longest_ns = 9.2e18;

/* strtod() also takes signs, spaces, hexadecimal, inf and nan, which are no durations. */
static bool is_plain_number(const char *text)
{
    return (text[0] >= '0' && text[0] <= '9' && text[1] != 'x' && text[1] != 'X') ||
           (text[0] == '.' && text[1] >= '0' && text[1] <= '9');
}

bool vmpt_parse_duration(const char *text, uint64_t *ns)
{
    if (!is_plain_number(text)) {
        return false;
    }
    char *end;
    double number = strtod(text, &end);
    double scale = *end ? 0 : 1e9;
    for (size_t i = 0; i < UNIT_COUNT; i++) {
        if (strcmp(end, units[i].name) == 0) {
            scale = units[i].ns;
        }
    }
    double value = round(number * scale);
    if (scale == 0 || !(value <= longest_ns)) {
        return false;
    }
    *ns = (uint64_t)value;
    return true;
}

bool vmpt_parse_period(const char *text, uint64_t *ns, char *why, size_t why_size)
{
    uint64_t value;
    if (!vmpt_parse_duration(text, &value)) {
        (void)snprintf(why, why_size,
                       "'%.60s' is not a period; give seconds (0.001) or a unit (1ms, 100us)",
                       text);
        return false;
    }
    if (value < VMPT_MIN_PERIOD_NS || value > VMPT_MAX_PERIOD_NS) {
        (void)snprintf(why, why_size, "a period of '%.60s' is out of range; from 20us to below 1s",
                       text);
        return false;
    }
    *ns = value;
    return true;
}

void vmpt_format_duration(uint64_t ns, char *out, size_t out_size)
{
    const char *unit = "ns";
    double value = (double)ns;
    if (ns >= UINT64_C(999500000)) {
        unit = "s";
        value /= 1e9;
    } else if (ns >= 999500) {
        unit = "ms";
        value /= 1e6;
    } else if (ns >= 1000) {
        unit = "us";
        value /= 1e3;
    }
    if (value >= 99.95) {
        (void)snprintf(out, out_size, "%.0f %s", value, unit);
    } else {
        (void)snprintf(out, out_size, "%.3g %s", value, unit);
    }
}
