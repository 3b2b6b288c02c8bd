#include "tools/convert/flame_colors.h"

#include <math.h>
#include <vmprof/vmpf.h>

/* Kinds are told apart by hue and by lightness, for those who do not see all hues. */
static const struct conv_color of_kinds[] = {
    [VMPF_KIND_UNKNOWN] = {0xC9, 0xC9, 0xC4}, [VMPF_KIND_PY] = {0xF2, 0xA9, 0x3B},
    [VMPF_KIND_JIT] = {0x7F, 0xC8, 0x5C},     [VMPF_KIND_VM] = {0x5C, 0xC4, 0xB0},
    [VMPF_KIND_NATIVE] = {0x7F, 0xAE, 0xE6},  [VMPF_KIND_KERNEL] = {0xB3, 0x9D, 0xDB},
    [VMPF_KIND_GC] = {0xEF, 0x8A, 0x80},      [VMPF_KIND_JIT_INTERNAL] = {0xC0, 0xCA, 0x4F},
};
/* What has not changed is all but white. */
#define FAINTEST 238
#define KIND_COUNT (sizeof(of_kinds) / sizeof(of_kinds[0]))

/* part of 255 towards white. */
static uint8_t lighten(uint8_t level, unsigned part)
{
    return (uint8_t)(level + (255u - level) * part / 255u);
}

static struct conv_color lightened(struct conv_color color, unsigned part)
{
    struct conv_color out = {lighten(color.red, part), lighten(color.green, part),
                             lighten(color.blue, part)};
    return out;
}

struct conv_color conv_color_of_kind(uint8_t kind, uint64_t hash)
{
    unsigned part = (unsigned)((hash * UINT64_C(0x9E3779B97F4A7C15)) >> 56) * 110 / 255;
    return lightened(of_kinds[kind < KIND_COUNT ? kind : VMPF_KIND_UNKNOWN], part);
}

struct conv_color conv_color_of_change(double after, double before)
{
    static const struct conv_color more = {0xE0, 0x3A, 0x2E};
    static const struct conv_color less = {0x3A, 0x6F, 0xE0};
    /* What is new or gone has the full colour; how much that is, the width says. */
    double most = after > before ? after : before;
    double change = most > 0 ? fabs(after - before) / most : 0;
    unsigned part = (unsigned)(FAINTEST * (1 - change));
    return lightened(after >= before ? more : less, part);
}
