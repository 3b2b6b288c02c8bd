/* flame_colors.h: what colour a frame has: by its kind, or by what changed. */
#ifndef VMPROF_TOOLS_CONVERT_FLAME_COLORS_H
#define VMPROF_TOOLS_CONVERT_FLAME_COLORS_H

#include <stdint.h>

struct conv_color {
    uint8_t red;
    uint8_t green;
    uint8_t blue;
};

/* A colour of kind (vmpf_kind), a shade of which the hash chooses: one function has one shade, in every profile. Dark text is
 * readable on all of them. */
struct conv_color conv_color_of_kind(uint8_t kind, uint64_t hash);
/* Of two shares, each 0 to 1: red where it grew, blue where it shrank, the stronger the more of itself that is. */
struct conv_color conv_color_of_change(double after, double before);

#endif
