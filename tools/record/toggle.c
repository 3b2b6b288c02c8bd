#include "tools/record/toggle.h"

#include <ctype.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name;
    int number;
} names[] = {
    {"HUP", SIGHUP}, {"QUIT", SIGQUIT}, {"USR1", SIGUSR1}, {"USR2", SIGUSR2}, {"WINCH", SIGWINCH},
};

/* "RTMIN" or "RTMIN+N". */
static int real_time_signal(const char *name)
{
    unsigned long offset = 0;
    char *end;

    if (strncmp(name, "RTMIN", 5) != 0) {
        return 0;
    }
    name += 5;
    if (*name != '\0') {
        if (*name != '+' || !isdigit((unsigned char)name[1])) {
            return 0;
        }
        offset = strtoul(name + 1, &end, 10);
        if (*end != '\0') {
            return 0;
        }
    }
    return offset <= (unsigned long)(SIGRTMAX - SIGRTMIN) ? SIGRTMIN + (int)offset : 0;
}

int record_toggle_signal(const char *name)
{
    if (strncmp(name, "SIG", 3) == 0) {
        name += 3;
    }
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(name, names[i].name) == 0) {
            return names[i].number;
        }
    }
    return real_time_signal(name);
}
