/* formats.c: the table of formats. */
#include "tools/convert/format.h"

/* One row a format, in alphabetical order. */
#define FORMATS(ROW)                                                                               \
    ROW(callgrind)                                                                                 \
    ROW(chrome_trace)                                                                              \
    ROW(collapsed)                                                                                 \
    ROW(csv)                                                                                       \
    ROW(firefox)                                                                                   \
    ROW(flamegraph)                                                                                \
    ROW(gperftools)                                                                                \
    ROW(json)                                                                                      \
    ROW(otlp)                                                                                      \
    ROW(perf_script)                                                                               \
    ROW(pprof)                                                                                     \
    ROW(pstats)                                                                                    \
    ROW(speedscope)                                                                                \
    ROW(vmprof_log)

static bool choose(struct conv_job *job, const struct conv_format *format)
{
    job->two_formats = job->two_formats || (job->format && job->format != format);
    job->format = format;
    return true;
}

/* Options carry no more than a function, so each format has its own. */
#define CHOOSE(name)                                                                               \
    extern const struct conv_format conv_to_##name;                                                \
    static bool choose_##name(void *target, const char *value, struct vmpt_refusal *why)           \
    {                                                                                              \
        (void)value;                                                                               \
        (void)why;                                                                                 \
        return choose(target, &conv_to_##name);                                                    \
    }
FORMATS(CHOOSE)

#define ENTRY(name) {&conv_to_##name, choose_##name},
static const struct {
    const struct conv_format *format;
    bool (*choose)(void *target, const char *value, struct vmpt_refusal *why);
} formats[] = {FORMATS(ENTRY)};

size_t conv_format_count(void)
{
    return sizeof(formats) / sizeof(formats[0]);
}

void conv_format_options(struct vmpt_option *out)
{
    for (size_t i = 0; i < conv_format_count(); i++) {
        out[i] = (struct vmpt_option){
            .name = formats[i].format->option,
            .help = formats[i].format->help,
            .apply = formats[i].choose,
        };
    }
}
