#include "tools/merge/keep.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/analysis/metric.h"
#include "tools/common/diag.h"
#include "tools/common/importers.h"
#include "tools/common/input.h"
#include "tools/merge/ids.h"
#include "tools/merge/rewrite.h"

#define PIECE_BYTES ((size_t)1 << 20)

struct merge {
    const char *tool;
    int fd;
    const char *output;
    struct vmpt_input_set inputs;
    struct vmpt_metric_choice metric; /* what the sessions so far have in common */
    struct merge_rewrite rewrite;
    struct merge_sum *sum;
    char *piece;
};

/* One input, as a file that can be read twice. */
struct input {
    const char *name;
    int fd;
    bool is_stdin; /* and not to be closed */
    off_t start;
    off_t size;
};

static vmpf_status fail(struct vmpf_error *err, const char *message, int sys_errno)
{
    memset(err, 0, sizeof(*err));
    err->status = VMPF_E_IO;
    err->sys_errno = sys_errno;
    (void)snprintf(err->message, sizeof(err->message), "%s", message);
    return VMPF_E_IO;
}

static bool say_output(const struct merge *merge, int sys_errno)
{
    if (sys_errno == EPIPE) {
        merge->sum->reader_gone = true;
        return false;
    }
    vmpt_say(merge->tool, "%s: cannot write: %s", merge->output, strerror(sys_errno));
    return false;
}

static void tick(void *ctx)
{
    struct merge *merge = ctx;
    vmpt_progress_update(&merge->inputs.progress, merge->inputs.done_bytes);
}

/* ---- bytes ------------------------------------------------------------------------------------------- */

/* The count, 0 at the end, or -errno. */
static ssize_t read_piece(int fd, char *piece, size_t size)
{
    for (;;) {
        ssize_t count = read(fd, piece, size);
        if (count >= 0 || errno != EINTR) {
            return count >= 0 ? count : -errno;
        }
    }
}

static int write_piece(int fd, const char *piece, size_t size)
{
    while (size > 0) {
        ssize_t written = write(fd, piece, size);
        if (written < 0 && errno != EINTR) {
            return errno;
        }
        piece += written > 0 ? written : 0;
        size -= written > 0 ? (size_t)written : 0;
    }
    return 0;
}

/* Copies at most `size` bytes, from where the one descriptor stands to where the other one does. 0 or an errno;
 * *is_output says on which side. */
static int copy_bytes(struct merge *merge, int from, int to, off_t size, bool *is_output)
{
    while (size > 0) {
        size_t wanted = (uint64_t)size < PIECE_BYTES ? (size_t)size : PIECE_BYTES;
        ssize_t count = read_piece(from, merge->piece, wanted);
        *is_output = false;
        if (count <= 0) {
            return (int)-count;
        }
        *is_output = true;
        int error = write_piece(to, merge->piece, (size_t)count);
        if (error) {
            return error;
        }
        size -= count;
        merge->inputs.done_bytes += (uint64_t)count / 2;
        tick(merge);
    }
    return 0;
}

/* ---- opening ----------------------------------------------------------------------------------------- */

/* What cannot be read twice goes to a file without a name first. */
static vmpf_status spool(struct merge *merge, struct input *input, struct vmpf_error *err)
{
    FILE *file = tmpfile();
    bool is_output = false;
    if (!file) {
        return fail(err, "no room for what a pipe gives", errno);
    }
    int copy = fcntl(fileno(file), F_DUPFD_CLOEXEC, 0);
    int error = copy < 0 ? errno : copy_bytes(merge, input->fd, copy, INT64_MAX, &is_output);
    (void)fclose(file);
    if (!input->is_stdin) {
        (void)close(input->fd);
    }
    input->fd = copy;
    input->is_stdin = false;
    if (error) {
        return fail(err, is_output ? "no room for what a pipe gives" : "cannot read", error);
    }
    input->start = 0;
    return VMPF_OK;
}

static vmpf_status open_input(struct merge *merge, struct input *input, struct vmpf_error *err)
{
    struct stat status;
    vmpf_status result = vmpt_input_open_fd(&merge->inputs, input->name, &input->fd, err);
    if (result != VMPF_OK) {
        return result;
    }
    input->is_stdin = input->fd == STDIN_FILENO;
    bool is_file = fstat(input->fd, &status) == 0 && S_ISREG(status.st_mode);
    input->start = is_file ? lseek(input->fd, 0, SEEK_CUR) : -1;
    if (input->start < 0) {
        result = spool(merge, input, err);
    }
    if (result == VMPF_OK && fstat(input->fd, &status) != 0) {
        result = fail(err, "cannot read", errno);
    }
    input->size =
        result == VMPF_OK && status.st_size > input->start ? status.st_size - input->start : 0;
    return result;
}

static vmpf_status recognise(const struct input *input, struct vmpf_error *err)
{
    uint8_t head[VMPT_HEAD_BYTES];
    const struct vmpt_importer *importer = NULL;
    ssize_t size = pread(input->fd, head, sizeof(head), input->start);
    if (size < 0) {
        return fail(err, "cannot read", errno);
    }
    vmpf_status status = vmpt_input_recognise(head, (size_t)size, &importer, err);
    if (status == VMPF_OK && importer->open != vmpt_feed_open_vmpf) {
        memset(err, 0, sizeof(*err));
        err->status = VMPF_E_UNSUPPORTED;
        (void)snprintf(err->message, sizeof(err->message),
                       "another tool's format; give --sum, or bring it into ours first");
        return VMPF_E_UNSUPPORTED;
    }
    return status;
}

static vmpf_status open_reader(const struct input *input, uint32_t skip, vmpf_reader **reader,
                               struct vmpf_error *err)
{
    struct vmpf_source source;
    struct vmpf_reader_options options = {
        .size = sizeof(options), .skip_columns = skip, .one_epoch = true};
    if (lseek(input->fd, input->start, SEEK_SET) < 0) {
        return fail(err, "cannot read", errno);
    }
    vmpf_status status = vmpf_source_open_fd(&source, input->fd, err);
    return status == VMPF_OK ? vmpf_reader_open(reader, source, &options, err) : status;
}

/* ---- one input --------------------------------------------------------------------------------------- */

/* What the sessions have in common must not become nothing: no tool could show the result. */
static vmpf_status check_metrics(struct merge *merge, const vmpf_reader *reader,
                                 struct vmpf_error *err)
{
    for (size_t i = 0; i < vmpf_reader_session_count(reader); i++) {
        const struct vmpf_info *info = vmpf_reader_info(reader, i);
        int column;
        if (vmpt_metric_find(&merge->metric, info, &column, err) == VMPT_METRIC_NONE) {
            return err->status;
        }
        merge->sum->samples += info->samples;
        merge->sum->lost_samples += info->lost_samples;
        merge->sum->sessions++;
    }
    return VMPF_OK;
}

/* Every chunk's checksum is looked at; columns whose content does not matter here are not inflated. */
static vmpf_status check(struct merge *merge, const struct input *input,
                         struct vmpt_input_facts *facts, struct vmpf_error *err)
{
    vmpf_reader *reader = NULL;
    uint64_t before = merge->inputs.done_bytes;
    vmpf_status status =
        open_reader(input, VMPF_COLUMN_TIME | VMPF_COLUMN_FLAGS | VMPF_COLUMN_LABEL, &reader, err);
    while (status == VMPF_OK) {
        struct vmpf_block block;
        memset(&block, 0, sizeof(block));
        status = vmpf_reader_next(reader, &block, err);
        off_t at = lseek(input->fd, 0, SEEK_CUR);
        merge->inputs.done_bytes =
            before + (at > input->start ? (uint64_t)(at - input->start) / 2 : 0);
        tick(merge);
        facts->samples += status == VMPF_OK ? block.count : 0;
    }
    status = status == VMPF_END ? check_metrics(merge, reader, err) : status;
    if (status == VMPF_OK) {
        facts->damage = *vmpf_reader_damage(reader);
        merge->sum->lost_samples += facts->damage.lost_samples;
        merge->sum->damaged = merge->sum->damaged || facts->damage.damaged;
        if (merge->rewrite.choice && !merge_choice_learn(merge->rewrite.choice, reader)) {
            status = merge_no_memory(err);
        }
    }
    vmpf_reader_close(reader);
    return status;
}

static bool write_anew(struct merge *merge, const struct input *input)
{
    vmpf_reader *reader = NULL;
    struct vmpf_error err;
    bool is_output = false;
    memset(&err, 0, sizeof(err));
    vmpf_status status = open_reader(input, 0, &reader, &err);
    if (status == VMPF_OK) {
        status = merge_rewrite(&merge->rewrite, reader, &is_output, &err);
    }
    vmpf_reader_close(reader);
    if (status != VMPF_OK && is_output && err.sys_errno == EPIPE) {
        return say_output(merge, EPIPE);
    }
    if (status != VMPF_OK) {
        vmpt_say_input_error(merge->tool, is_output ? merge->output : input->name, &err);
    }
    return status == VMPF_OK;
}

static bool copy(struct merge *merge, const struct input *input)
{
    bool is_output = false;
    if (lseek(input->fd, input->start, SEEK_SET) < 0) {
        return false;
    }
    (void)lseek(merge->fd, 0, SEEK_END); /* a pipe stands at its end */
    int error = copy_bytes(merge, input->fd, merge->fd, input->size, &is_output);
    if (error && is_output) {
        return say_output(merge, error);
    }
    if (error) {
        vmpt_say(merge->tool, "%s: cannot read: %s", input->name, strerror(error));
    }
    return error == 0;
}

static bool add_input(struct merge *merge, struct input *input)
{
    struct vmpt_input_facts facts;
    struct vmpf_error err;
    memset(&facts, 0, sizeof(facts));
    memset(&err, 0, sizeof(err));
    vmpf_status status = open_input(merge, input, &err);
    if (status == VMPF_OK) {
        status = recognise(input, &err);
    }
    if (status == VMPF_OK) {
        status = check(merge, input, &facts, &err);
    }
    if (status != VMPF_OK) {
        vmpt_say_input_error(merge->tool, input->name, &err);
        return false;
    }
    vmpt_say_damage(merge->tool, input->name, &facts);
    return facts.damage.damaged || merge->rewrite.choice ? write_anew(merge, input)
                                                         : copy(merge, input);
}

bool merge_keep(const char *tool, const char *const *names, size_t count, int fd,
                const char *output, struct merge_choice *choice, struct merge_sum *sum)
{
    struct merge merge = {.tool = tool, .fd = fd, .output = output, .sum = sum};
    memset(sum, 0, sizeof(*sum));
    merge.rewrite = (struct merge_rewrite){.fd = fd, .session_id = 1, .tick = tick, .ctx = &merge};
    merge.rewrite.choice = choice->is_needed ? choice : NULL;
    merge.piece = malloc(PIECE_BYTES);
    vmpt_input_set_init(&merge.inputs, names, count);
    bool done = merge.piece != NULL;
    if (!done) {
        vmpt_say(tool, "not enough memory");
    }
    for (size_t i = 0; done && i < count; i++) {
        struct input input = {.name = names[i], .fd = -1};
        done = add_input(&merge, &input);
        if (input.fd >= 0 && !input.is_stdin) {
            (void)close(input.fd);
        }
    }
    vmpt_input_set_fini(&merge.inputs);
    free(merge.piece);
    return done;
}
