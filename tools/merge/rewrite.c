#include "tools/merge/rewrite.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tools/merge/ids.h"

/* One session while it is written. */
struct session {
    struct merge_rewrite *rewrite;
    const vmpf_reader *reader;
    size_t index; /* of the reader */
    vmpf_writer *writer;
    struct merge_ids ids;
};

static vmpf_status open_session(struct session *session, struct vmpf_error *err)
{
    const struct vmpf_info *info = vmpf_reader_info(session->reader, session->index);
    struct vmpf_writer_options options = {
        .size = sizeof(options),
        .session_id = session->rewrite->session_id++,
        .start_unix_ns = info->start_unix_ns,
    };
    struct vmpf_sink sink;
    (void)lseek(session->rewrite->fd, 0, SEEK_END); /* a pipe stands at its end */
    vmpf_status status = vmpf_sink_open_fd(&sink, session->rewrite->fd, err);
    if (status == VMPF_OK) {
        status = vmpf_writer_open(&session->writer, sink, &options, err);
    }
    if (status != VMPF_OK) {
        session->writer = NULL;
        return status;
    }
    merge_ids_init(&session->ids, session->reader, session->writer, session->rewrite->choice);
    const struct vmpf_meta *values = vmpf_info_meta(info, VMPF_META_VALUES);
    if (values && values->type == VMPF_META_LIST) {
        status = vmpf_writer_meta_list(session->writer, VMPF_META_VALUES, values->items,
                                       values->item_count, err);
    }
    return status;
}

/* A key with a NUL in it, which the writer cannot be given, is left out. */
static vmpf_status copy_meta(vmpf_writer *writer, const struct vmpf_meta *meta,
                             struct vmpf_error *err)
{
    char key[256];
    size_t size = meta->key.size_bytes;
    if (size == 0 || size >= sizeof(key) || memchr(meta->key.data, '\0', size)) {
        return VMPF_OK;
    }
    memcpy(key, meta->key.data, size);
    key[size] = '\0';
    if (strcmp(key, VMPF_META_VALUES) == 0) {
        return VMPF_OK;
    }
    switch (meta->type) {
    case VMPF_META_STRING: return vmpf_writer_meta_string(writer, key, meta->string, err);
    case VMPF_META_INTEGER: return vmpf_writer_meta_integer(writer, key, meta->integer, err);
    case VMPF_META_LIST:
        return vmpf_writer_meta_list(writer, key, meta->items, meta->item_count, err);
    }
    return VMPF_OK;
}

/* What is known of a session only when all of it was read. */
static vmpf_status close_session(struct session *session, uint64_t lost, struct vmpf_error *err)
{
    const struct vmpf_info *info = vmpf_reader_info(session->reader, session->index);
    vmpf_status status = merge_ids_rename_threads(&session->ids, err);
    for (size_t i = 0; status == VMPF_OK && i < info->meta_count; i++) {
        status = copy_meta(session->writer, &info->meta[i], err);
    }
    merge_ids_fini(&session->ids);
    vmpf_writer_count_lost(session->writer, info->lost_samples + lost);
    if (status == VMPF_OK) {
        status = vmpf_writer_close(session->writer, info->end_ns, err);
    } else {
        vmpf_writer_abandon(session->writer);
    }
    session->writer = NULL;
    return status;
}

/* stack: of the reader; 0: no frame is kept, which tools show as <hidden>. */
static vmpf_status write_sample(struct session *session, const struct vmpf_block *block, size_t i,
                                uint32_t stack, struct vmpf_error *err)
{
    size_t value_count = vmpf_reader_info(session->reader, session->index)->value_count;
    struct vmpf_sample sample = {.time_ns = block->time_ns ? block->time_ns[i] : 0};
    sample.flags = block->flags ? block->flags[i] : 0;
    for (size_t k = 0; k < value_count; k++) {
        sample.values[k] = block->values[k][i];
    }
    merge_ids_follow(&session->ids);
    vmpf_status status = merge_ids_thread(&session->ids, block->thread[i], &sample.thread, err);
    if (status == VMPF_OK) {
        status = merge_ids_stack(&session->ids, stack, &sample.stack, err);
    }
    if (status == VMPF_OK && block->label && block->label[i]) {
        status = merge_ids_label(&session->ids, block->label[i], &sample.label, err);
    }
    return status == VMPF_OK ? vmpf_writer_sample(session->writer, &sample, err) : status;
}

/* A sample, if it is kept. */
static vmpf_status choose_sample(struct session *session, const struct vmpf_block *block, size_t i,
                                 struct vmpf_error *err)
{
    struct merge_choice *choice = session->rewrite->choice;
    struct merge_kept kept;
    if (!choice) {
        return write_sample(session, block, i, block->stack[i], err);
    }
    bool failed = false;
    if (!merge_choice_keeps(choice, block, i, &failed)) {
        return failed ? merge_no_memory(err) : VMPF_OK;
    }
    if (!merge_choice_stack(choice, block->stack[i], &kept)) {
        return merge_no_memory(err);
    }
    return kept.stack ? write_sample(session, block, i, kept.innermost, err) : VMPF_OK;
}

static vmpf_status write_block(struct session *session, const struct vmpf_block *block,
                               struct vmpf_error *err)
{
    vmpf_status status = VMPF_OK;
    for (size_t i = 0; status == VMPF_OK && i < block->count; i++) {
        status = choose_sample(session, block, i, err);
    }
    return status;
}

/* Goes on to the session with this index; those between have no samples. */
static vmpf_status go_to(struct session *session, size_t index, struct vmpf_error *err)
{
    vmpf_status status = VMPF_OK;
    while (status == VMPF_OK && (!session->writer || session->index < index)) {
        if (session->writer) {
            status = close_session(session, 0, err);
            session->index++;
        }
        if (status == VMPF_OK) {
            status = open_session(session, err);
        }
    }
    return status;
}

vmpf_status merge_rewrite(struct merge_rewrite *rewrite, vmpf_reader *reader, bool *is_output,
                          struct vmpf_error *err)
{
    struct session session = {.rewrite = rewrite, .reader = reader};
    vmpf_status status;
    *is_output = false;
    if (rewrite->choice) {
        merge_choice_follow(rewrite->choice, reader);
    }
    for (;;) {
        struct vmpf_block block;
        memset(&block, 0, sizeof(block));
        status = vmpf_reader_next(reader, &block, err);
        if (status != VMPF_OK) {
            break;
        }
        rewrite->tick(rewrite->ctx);
        status = go_to(&session, vmpf_reader_session(reader), err);
        if (status == VMPF_OK) {
            status = write_block(&session, &block, err);
        }
        if (status != VMPF_OK) {
            *is_output = true;
            break;
        }
    }
    if (status == VMPF_END && vmpf_reader_session_count(reader) > 0) {
        *is_output = true;
        status = go_to(&session, vmpf_reader_session_count(reader) - 1, err);
        if (status == VMPF_OK) {
            status = close_session(&session, vmpf_reader_damage(reader)->lost_samples, err);
        }
    }
    if (session.writer) {
        merge_ids_fini(&session.ids);
        vmpf_writer_abandon(session.writer);
    }
    return status == VMPF_END ? VMPF_OK : status;
}
