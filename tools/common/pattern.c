#include "tools/common/pattern.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* Behind a bracket expression that starts at text; its end where it has none. `]` may come first in it. */
static const char *behind_brackets(const char *text)
{
    text++;
    text += *text == '^';
    text += *text == ']';
    while (*text && *text != ']') {
        /* [:alpha:], [=e=] and [.x.] may hold one, too. */
        bool is_class = *text == '[' && text[1] && strchr(":=.", text[1]);
        char end[] = ":]";
        end[0] = text[1];
        const char *close = is_class ? strstr(text + 2, end) : NULL;
        text = close ? close + 2 : text + 1;
    }
    return *text ? text + 1 : text;
}

/* The greater number of `{n}`, `{n,}` or `{n,m}`; at least 1. */
static uint64_t copies_of(const char *text)
{
    uint64_t most = 1;
    uint64_t number = 0;
    for (text++; *text && *text != '}'; text++) {
        if (*text >= '0' && *text <= '9') {
            number = number * 10 + (uint64_t)(*text - '0');
        } else {
            number = 0;
        }
        most = number > most ? number : most;
        if (most > VMPT_PATTERN_MOST_COPIES) {
            break;
        }
    }
    return most;
}

static bool is_tame(const char *text, struct vmpt_refusal *why)
{
    uint64_t copies = 1;
    const char *at = text;
    while (*at) {
        if (at[0] == '\\' && at[1] >= '1' && at[1] <= '9') {
            (void)snprintf(why->text, sizeof(why->text),
                           "'%.60s' refers back to a group, which could take for ever", text);
            return false;
        }
        if (*at == '{') {
            copies *= copies_of(at);
        }
        if (copies > VMPT_PATTERN_MOST_COPIES) {
            (void)snprintf(why->text, sizeof(why->text), "'%.60s' repeats too much", text);
            return false;
        }
        if (at[0] == '\\' && at[1]) {
            at += 2;
        } else {
            at = *at == '[' ? behind_brackets(at) : at + 1;
        }
    }
    return true;
}

bool vmpt_pattern_compile(regex_t *out, const char *text, struct vmpt_refusal *why)
{
    char reason[120];
    if (!is_tame(text, why)) {
        return false;
    }
    int error = regcomp(out, text, REG_EXTENDED | REG_NOSUB);
    if (error) {
        (void)regerror(error, out, reason, sizeof(reason));
        (void)snprintf(why->text, sizeof(why->text), "'%.60s' is not a regular expression: %s",
                       text, reason);
    }
    return error == 0;
}
