#include "tools/record/report.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <vmprof/vmpf.h>

#include "tools/common/diag.h"
#include "tools/common/duration.h"

struct counts {
    uint64_t samples;
    uint64_t cpu_samples; /* those that are not of waiting alone */
    uint64_t lost_samples;
    uint64_t duration_ns;
    uint64_t cpu_ns;
    size_t processes;
    bool finished; /* all sessions are */
};

/* The column of a sample's CPU time; VMPF_MAX_VALUES when there is none. */
static size_t cpu_column(const struct vmpf_info *info)
{
    for (size_t i = 0; i < info->value_count; i++) {
        const struct vmpf_string *name = &info->values[i].name;
        if (name->size_bytes == 3 && memcmp(name->data, "cpu", 3) == 0) {
            return i;
        }
    }
    return VMPF_MAX_VALUES;
}

static void add_block(struct counts *counts, const struct vmpf_info *info,
                      const struct vmpf_block *block)
{
    size_t column = cpu_column(info);

    counts->samples += block->count;
    for (size_t i = 0; column < VMPF_MAX_VALUES && i < block->count; i++) {
        counts->cpu_ns += block->values[column][i];
        counts->cpu_samples += block->values[column][i] != 0;
    }
}

static uint64_t recorded_ns(const struct vmpf_info *info)
{
    const struct vmpf_meta *paused = vmpf_info_meta(info, VMPF_META_PAUSED_NS);
    uint64_t paused_ns = paused != NULL && paused->type == VMPF_META_INTEGER ? paused->integer : 0;

    return info->end_ns > paused_ns ? info->end_ns - paused_ns : 0;
}

static uint64_t process_of(const struct vmpf_info *info)
{
    const struct vmpf_meta *id = vmpf_info_meta(info, VMPF_META_PROCESS_ID);

    return id != NULL && id->type == VMPF_META_INTEGER ? id->integer : 0;
}

/* A process that was several programs in a row has a session of each. */
static bool is_new_process(const vmpf_reader *reader, size_t session)
{
    uint64_t id = process_of(vmpf_reader_info(reader, session));

    for (size_t i = 0; i < session; i++) {
        if (process_of(vmpf_reader_info(reader, i)) == id) {
            return false;
        }
    }
    return true;
}

static void count_sessions(struct counts *counts, const vmpf_reader *reader)
{
    counts->finished = true;
    for (size_t i = 0; i < vmpf_reader_session_count(reader); i++) {
        const struct vmpf_info *info = vmpf_reader_info(reader, i);
        counts->lost_samples += info->lost_samples;
        counts->duration_ns += recorded_ns(info);
        counts->processes += is_new_process(reader, i);
        counts->finished = counts->finished && info->finished;
    }
}

static bool count(const char *path, struct counts *counts, struct vmpf_error *err)
{
    const struct vmpf_reader_options options = {
        .size = sizeof(options),
        .skip_columns = VMPF_COLUMN_TIME | VMPF_COLUMN_FLAGS | VMPF_COLUMN_LABEL,
    };
    struct vmpf_source source;
    struct vmpf_block block;
    vmpf_reader *reader = NULL;
    vmpf_status status = vmpf_source_open_file(&source, path, err);

    if (status == VMPF_OK) {
        status = vmpf_reader_open(&reader, source, &options, err);
    }
    while (status == VMPF_OK && (status = vmpf_reader_next(reader, &block, err)) == VMPF_OK) {
        add_block(counts, vmpf_reader_info(reader, vmpf_reader_session(reader)), &block);
    }
    if (status == VMPF_END) {
        count_sessions(counts, reader);
    }
    vmpf_reader_close(reader);
    return status == VMPF_END;
}

static void say_counts(const struct counts *counts, const char *shown, uint64_t asked_period_ns)
{
    char duration[32], reached[32], asked[32], lost[48] = "", processes[48] = "";
    uint64_t cpu_samples = counts->cpu_samples != 0 ? counts->cpu_samples : 1;

    vmpt_format_duration(counts->duration_ns, duration, sizeof(duration));
    vmpt_format_duration(counts->cpu_ns / cpu_samples, reached, sizeof(reached));
    vmpt_format_duration(asked_period_ns, asked, sizeof(asked));
    if (counts->lost_samples > 0) {
        snprintf(lost, sizeof(lost), ", %" PRIu64 " lost", counts->lost_samples);
    }
    if (counts->processes > 1) {
        snprintf(processes, sizeof(processes), " of %zu processes", counts->processes);
    }
    vmpt_say("vmprof-record",
             "%s: %" PRIu64
             " samples%s in %s, one every %s of CPU time (asked: %s)%s; to see them: "
             "vmprof-top %s",
             shown, counts->samples, processes, duration, reached, asked, lost, shown);
}

/* The system may tell of CPU time as late as three of its own ticks. */
#define LITTLE_NS 12000000u
/* The sampler's own threads use less than one part in so many of the time that passes. */
#define OWN_SHARE 20u

static const char *why_no_sample(uint64_t cpu_ns, uint64_t duration_ns, uint64_t asked_period_ns)
{
    uint64_t little_ns = 3 * asked_period_ns < LITTLE_NS ? LITTLE_NS : 3 * asked_period_ns;

    if (cpu_ns < little_ns + duration_ns / OWN_SHARE) {
        return "the program used less CPU time than one period";
    }
    return "the program blocked signals, or its threads could not be sampled";
}

void record_report(const char *path, const char *shown, uint64_t asked_period_ns, uint64_t cpu_ns,
                   bool has_toggle)
{
    struct counts counts = {0};
    struct vmpf_error err = {0};

    if (!count(path, &counts, &err)) {
        vmpt_say("vmprof-record", "%s cannot be read back: %s", shown, err.message);
    } else if (counts.samples == 0) {
        vmpt_say("vmprof-record", "%s: no sample: %s", shown,
                 has_toggle
                     ? "no signal turned the recording on, or the program used little CPU time then"
                     : why_no_sample(cpu_ns, counts.duration_ns, asked_period_ns));
    } else {
        say_counts(&counts, shown, asked_period_ns);
    }
}

bool record_look(const char *path, bool *has_samples)
{
    struct counts counts = {0};
    struct vmpf_error err = {0};
    bool is_read = count(path, &counts, &err);

    *has_samples = counts.samples != 0;
    return is_read && counts.finished;
}
