#include "sampler/core/metadata.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#define VMPS_META_TICK_SOURCE "tick_source"
#define VMPS_META_REACHED_PERIOD_NS "reached_period_ns"
#define MAX_ARGUMENTS 4096
#define MAX_COMMAND_LINE_BYTES ((size_t)1 << 20)

static struct vmpf_string string_of(const char *text)
{
    return (struct vmpf_string){.data = text, .size_bytes = strlen(text)};
}

/* The process's command line: words that each end with a NUL. NULL: it cannot be read. */
static char *read_command_line(size_t *size_bytes)
{
    int fd = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
    char *line = fd >= 0 ? malloc(MAX_COMMAND_LINE_BYTES + 1) : NULL;
    *size_bytes = 0;
    while (line != NULL && *size_bytes < MAX_COMMAND_LINE_BYTES) {
        ssize_t size = read(fd, line + *size_bytes, MAX_COMMAND_LINE_BYTES - *size_bytes);
        if (size <= 0) {
            break;
        }
        *size_bytes += (size_t)size;
    }
    if (fd >= 0) {
        close(fd);
    }
    if (line != NULL) {
        line[*size_bytes] = '\0';
    }
    return line;
}

static vmpf_status write_program(vmpf_writer *w, const char *program,
                                 const struct vmpf_string *arguments, size_t count,
                                 struct vmpf_error *err)
{
    vmpf_status status = vmpf_writer_meta_string(w, VMPF_META_PROGRAM, string_of(program), err);
    if (status != VMPF_OK) {
        return status;
    }
    return vmpf_writer_meta_list(w, VMPF_META_ARGUMENTS, arguments, count, err);
}

static vmpf_status write_given_program(vmpf_writer *w, const struct vmps_options *options,
                                       struct vmpf_string *words, struct vmpf_error *err)
{
    size_t count = 0;
    for (; options->arguments != NULL && count < options->argument_count && count < MAX_ARGUMENTS;
         count++) {
        words[count] = string_of(options->arguments[count]);
    }
    return write_program(w, options->program, words, count, err);
}

static vmpf_status write_own_program(vmpf_writer *w, struct vmpf_string *words,
                                     struct vmpf_error *err)
{
    size_t size, count = 0;
    char *line = read_command_line(&size);
    if (line == NULL || size == 0) {
        free(line);
        return VMPF_OK;
    }
    for (size_t at = strlen(line) + 1; at < size && count < MAX_ARGUMENTS; count++) {
        words[count] = string_of(line + at);
        at += words[count].size_bytes + 1;
    }
    vmpf_status status = write_program(w, line, words, count, err);
    free(line);
    return status;
}

static vmpf_status write_command(vmpf_writer *w, const struct vmps_options *options,
                                 struct vmpf_error *err)
{
    struct vmpf_string *words = calloc(MAX_ARGUMENTS, sizeof *words);
    if (words == NULL) {
        return VMPF_E_NOMEM;
    }
    vmpf_status status = options->program != NULL ? write_given_program(w, options, words, err)
                                                  : write_own_program(w, words, err);
    free(words);
    return status;
}

static vmpf_status write_integers(const struct vmps_session *session, struct vmpf_error *err)
{
    vmpf_status status = vmpf_writer_meta_integer(session->writer, VMPF_META_PROCESS_ID,
                                                  (uint64_t)session->process_id, err);
    if (status != VMPF_OK) {
        return status;
    }
    return vmpf_writer_meta_integer(session->writer, VMPF_META_PERIOD_NS, session->period_ns, err);
}

vmpf_status vmps_metadata_write(struct vmps_session *session, const struct vmps_options *options,
                                struct vmpf_error *err)
{
    struct utsname system;
    if (uname(&system) != 0) {
        memset(&system, 0, sizeof system);
    }
    char os[sizeof system.sysname + sizeof system.release + sizeof system.machine + 3];
    snprintf(os, sizeof os, "%s %s %s", system.sysname, system.release, system.machine);
    const struct {
        const char *key, *value;
    } strings[] = {
        {VMPF_META_PRODUCER, "vmprof " VMPF_VERSION_STRING},
        {VMPF_META_INTERPRETER, session->vm.ops->name},
        {VMPF_META_INTERPRETER_VERSION, session->vm.version},
        {VMPF_META_HOST, system.nodename},
        {VMPF_META_OS, os},
        {VMPF_META_CLOCK, session->recording.wall ? "wall" : session->threads.source->clock},
        {VMPS_META_TICK_SOURCE, session->threads.source->name},
    };
    vmpf_writer *w = session->writer;
    for (size_t i = 0; i < sizeof strings / sizeof strings[0]; i++) {
        if (strings[i].value == NULL || strings[i].value[0] == '\0') {
            continue;
        }
        vmpf_status status =
            vmpf_writer_meta_string(w, strings[i].key, string_of(strings[i].value), err);
        if (status != VMPF_OK) {
            return status;
        }
    }
    struct vmpf_string values[3] = {string_of("cpu:ns")};
    size_t value_count = 1;
    if (session->recording.wall) {
        values[value_count++] = string_of("wall:ns");
    }
    if (session->recording.memory.is_on) {
        values[value_count++] = string_of("memory:bytes");
    }
    vmpf_status status = vmpf_writer_meta_list(w, VMPF_META_VALUES, values, value_count, err);
    if (status == VMPF_OK) {
        status = write_integers(session, err);
    }
    if (status == VMPF_OK) {
        status = write_command(w, options, err);
    }
    return status;
}

vmpf_status vmps_metadata_note(struct vmps_session *session, const char *note,
                               struct vmpf_error *err)
{
    return vmpf_writer_meta_string(session->writer, VMPF_META_NOTE, string_of(note), err);
}

vmpf_status vmps_metadata_paused(struct vmps_session *session, uint64_t paused_ns,
                                 struct vmpf_error *err)
{
    vmpf_status status =
        vmpf_writer_meta_integer(session->writer, VMPF_META_PAUSED_NS, paused_ns, err);
    /* It comes seldom, and a program that is killed now should not take it along. */
    return status == VMPF_OK ? vmpf_writer_flush(session->writer, err) : status;
}

vmpf_status vmps_metadata_reached(struct vmps_session *session, struct vmpf_error *err)
{
    struct vmps_thread_totals totals;
    vmps_threads_totals(&session->threads, &totals);
    if (totals.samples == 0) {
        return VMPF_OK;
    }
    return vmpf_writer_meta_integer(session->writer, VMPS_META_REACHED_PERIOD_NS,
                                    totals.cpu_ns / totals.samples, err);
}
