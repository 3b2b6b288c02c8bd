#include "tools/common/terminal.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define LEAST_COLUMNS 40

bool vmpt_is_terminal(void)
{
    return isatty(STDOUT_FILENO) != 0;
}

bool vmpt_is_utf8(void)
{
    static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const char *locale = getenv(names[i]);
        if (locale && *locale) {
            return strcasestr(locale, "utf-8") || strcasestr(locale, "utf8");
        }
    }
    return false;
}

static bool wants_color(enum vmpt_color color)
{
    const char *no_color = getenv("NO_COLOR");
    const char *terminal = getenv("TERM");
    if (color != VMPT_COLOR_AUTO) {
        return color == VMPT_COLOR_ALWAYS;
    }
    return vmpt_is_terminal() && !(no_color && *no_color) &&
           !(terminal && strcmp(terminal, "dumb") == 0);
}

static size_t terminal_columns(void)
{
    const char *columns = getenv("COLUMNS");
    struct winsize size;
    unsigned long number = columns ? strtoul(columns, NULL, 10) : 0;
    if (number > 0 && number < 100000) {
        return (size_t)number;
    }
    if (vmpt_is_terminal() && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0) {
        return size.ws_col;
    }
    return 0;
}

struct vmpt_text_look vmpt_terminal_look(enum vmpt_color color)
{
    struct vmpt_text_look look = {.color = wants_color(color), .width = terminal_columns()};
    if (look.width > 0 && look.width < LEAST_COLUMNS) {
        look.width = LEAST_COLUMNS;
    }
    return look;
}

void vmpt_terminal_guard(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) >= 0) {
            continue;
        }
        /* Standard input that cannot be read, output that cannot be written; the lowest free
         * descriptor is this one. */
        int opened = open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
        if (opened > STDERR_FILENO) {
            (void)close(opened);
        }
    }
}
