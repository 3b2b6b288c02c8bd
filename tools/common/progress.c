#include "tools/common/progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define FIRST_NS UINT64_C(1000000000)
#define EVERY_NS UINT64_C(100000000)
#define BAR_COLUMNS 40

static uint64_t now_ns(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

static void put(const char *text, size_t size)
{
    ssize_t written = write(STDERR_FILENO, text, size);
    (void)written;
}

void vmpt_progress_init(struct vmpt_progress *progress, uint64_t total)
{
    memset(progress, 0, sizeof(*progress));
    progress->enabled = isatty(STDERR_FILENO);
    progress->total = total;
    if (progress->enabled) {
        progress->next_ns = now_ns() + FIRST_NS;
    }
}

static void draw(const struct vmpt_progress *progress, uint64_t done)
{
    char line[128];
    char bar[BAR_COLUMNS + 1];
    int size;
    if (progress->total == 0) {
        size = snprintf(line, sizeof(line), "\rreading: %" PRIu64 " MB", done / 1000000);
    } else {
        double share = done < progress->total ? (double)done / (double)progress->total : 1;
        size_t filled = (size_t)(share * BAR_COLUMNS);
        memset(bar, '.', BAR_COLUMNS);
        memset(bar, '#', filled);
        bar[BAR_COLUMNS] = '\0';
        size = snprintf(line, sizeof(line), "\rreading [%s] %3d%%", bar, (int)(share * 100));
    }
    if (size > 0) {
        put(line, (size_t)size);
    }
}

void vmpt_progress_update(struct vmpt_progress *progress, uint64_t done)
{
    if (!progress->enabled) {
        return;
    }
    uint64_t now = now_ns();
    if (now < progress->next_ns) {
        return;
    }
    progress->next_ns = now + EVERY_NS;
    progress->shown = true;
    draw(progress, done);
}

void vmpt_progress_fini(struct vmpt_progress *progress)
{
    static const char clear[] = "\r\033[K";
    if (progress->shown) {
        put(clear, sizeof(clear) - 1);
    }
    progress->shown = false;
    progress->enabled = false;
}
