/* region.h: an output in memory that can be mapped, as a file can: so a recording takes the path that it takes on a
 * disk, without the disk. The place is reserved once and never moves.
 */
#ifndef VMPROF_TESTS_BENCH_REGION_H
#define VMPROF_TESTS_BENCH_REGION_H

#include <stddef.h>
#include <stdint.h>
#include <vmprof/vmpf.h>

struct bench_region {
    uint8_t *data;
    size_t size_bytes; /* of what was written */
    size_t capacity_bytes;
};

void bench_region_open(struct bench_region *region, size_t capacity_bytes);
void bench_region_close(struct bench_region *region);
/* An empty output. What was in the region before is gone. The region outlives the sink. */
struct vmpf_sink bench_region_sink(struct bench_region *region);

#endif
