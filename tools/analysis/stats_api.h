/* stats_api.h: the analysis as a flat C interface, for callers that load libvmprof_analysis.so at run time
 * (the Python package's Stats does, through ctypes).
 *
 * A function here is one address of the recorded process, as in Stats.adr_dict; counts are samples, and a
 * function counts once a stack for `total`, however often it recurs.
 * Thread: a handle is used by one thread at a time. Signal: unsafe.
 */
#ifndef VMPROF_TOOLS_ANALYSIS_STATS_API_H
#define VMPROF_TOOLS_ANALYSIS_STATS_API_H

#include <stddef.h>
#include <stdint.h>

#define VMPT_API __attribute__((visibility("default")))

typedef struct vmpt_stats vmpt_stats;

struct vmpt_stats_function {
    uint64_t address;
    const char *name; /* UTF-8, NUL-terminated; lifetime: the handle's */
    const char *file;
    uint32_t first_line;
    uint32_t kind; /* vmpf_kind */
    uint64_t self_samples;
    uint64_t total_samples;
    uint64_t self_weight; /* of the metric, in its unit */
    uint64_t total_weight;
};

struct vmpt_stats_count {
    uint64_t address;
    uint64_t samples;
};

/* vmpt_stats_open() reads the profile at path. virtual_only: 1 keeps only frames of the VM's language
 * (a file without any keeps its native ones). metric: what samples weigh, "cpu" or "wall", say; NULL: cpu where
 * there is such, else the first that there is. Returns NULL with one line in error (NUL-terminated, at
 * most error_size bytes). A damaged file that could be read in part is read in part: see warning. */
VMPT_API vmpt_stats *vmpt_stats_open(const char *path, int virtual_only, const char *metric,
                                     char *error, size_t error_size);
VMPT_API void vmpt_stats_close(vmpt_stats *stats);

/* NULL when the file is whole, else one line that says what was lost. Lifetime: the handle's. */
VMPT_API const char *vmpt_stats_warning(const vmpt_stats *stats);
VMPT_API uint64_t vmpt_stats_sample_count(const vmpt_stats *stats);
VMPT_API uint64_t vmpt_stats_total_weight(const vmpt_stats *stats);
/* Metadata of the first session; 0 or "" when not known. Lifetime: the handle's. */
VMPT_API uint64_t vmpt_stats_period_ns(const vmpt_stats *stats);
VMPT_API uint64_t vmpt_stats_duration_ns(const vmpt_stats *stats);
VMPT_API const char *vmpt_stats_interpreter(const vmpt_stats *stats);
VMPT_API const char *vmpt_stats_program(const vmpt_stats *stats);

/* Functions, those with the greatest total first, callers before callees where totals are equal.
 * vmpt_stats_function() returns 0, or -1 when there is no such index. */
VMPT_API size_t vmpt_stats_function_count(const vmpt_stats *stats);
VMPT_API int vmpt_stats_function(const vmpt_stats *stats, size_t index,
                                 struct vmpt_stats_function *out);

/* vmpt_stats_descendants() counts, over the stacks that hold address, what stands below its outermost
 * frame: each function once a stack, address itself left out. Writes at most capacity entries to out, those with most
 * samples first (then by address), and the samples that hold address to *total. Returns how many entries there
 * are, or -1 when the address is not known or memory is short. */
VMPT_API int64_t vmpt_stats_descendants(const vmpt_stats *stats, uint64_t address,
                                        struct vmpt_stats_count *out, size_t capacity,
                                        uint64_t *total);

#endif
