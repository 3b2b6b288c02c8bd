/* state.h: the inside of a vmpf_writer, shared by the files of this folder. Private. */
#ifndef VMPROF_FMT_WRITER_STATE_H
#define VMPROF_FMT_WRITER_STATE_H

#include "libvmprof_fmt/src/blocks/chunk.h"
#include "libvmprof_fmt/src/blocks/runs.h"
#include "libvmprof_fmt/src/blocks/samples.h"
#include "libvmprof_fmt/src/blocks/tally.h"
#include "libvmprof_fmt/src/journal/assemble.h"
#include "libvmprof_fmt/src/model/dictionary.h"
#include "libvmprof_fmt/src/model/metadata.h"
#include "libvmprof_fmt/src/model/threads.h"
#include "libvmprof_fmt/src/writer/index.h"

#include <vmprof/vmpf.h>
#include <vmprof/vmpf_journal.h>

/* How much of each table is in the output. */
struct vmpfi_written {
    size_t strings, modules, functions, locations, stacks, labels;
};

/* Of a new epoch: entry 0 is never written. */
#define VMPFI_NOTHING_WRITTEN                                                                      \
    ((struct vmpfi_written){                                                                       \
        .strings = 1, .modules = 1, .functions = 1, .locations = 1, .stacks = 1, .labels = 1})

struct vmpfi_writer_journal {
    struct vmpf_journal *memory; /* NULL: none */
    bool mapped;
    size_t capacity_bytes;
    size_t size_bytes;         /* of memory */
    uint64_t region_offset;    /* of the first byte that goes away at close */
    uint64_t position;         /* behind the last row that was taken */
    uint64_t flushed_position; /* what the last SAMPLES chunk says */
    struct vmpfi_assembler assembler;
    struct vmpfi_buffer codes;         /* CODE payloads that are not in the output yet */
    struct vmpfi_chunk_record *chunks; /* those that will move */
    size_t chunk_count, chunk_capacity;
    bool stays; /* nothing will move */
};

struct vmpf_writer {
    struct vmpf_sink sink;
    struct vmpf_writer_options options;
    uint64_t offset; /* where the next chunk goes */
    uint32_t sequence;
    uint32_t epoch;
    struct vmpfi_metadata metadata;
    bool metadata_dirty;
    struct vmpfi_dictionary dictionary;
    struct vmpfi_written written;
    struct vmpfi_threads threads;
    struct vmpfi_samples pending;
    size_t pending_capacity;
    bool pending_ready; /* value_count is final */
    uint64_t samples_written;
    uint64_t lost_samples;
    uint64_t sums[VMPF_MAX_VALUES];
    struct vmpfi_scratch scratch;
    struct vmpfi_run_history run_history;
    struct vmpfi_tally tally; /* of the epoch's samples */
    struct vmpfi_buffer out;
    struct vmpfi_writer_journal journal;
    struct vmpfi_writer_index index;
    struct vmpfi_writer_limits limits;
    struct vmpf_error failure; /* the first failure of the sink; status VMPF_OK: none */
    bool broken;               /* a stream that failed in the middle: nothing more can be written */
};

/* flush.c: encodes all that is pending and writes it. end: the END chunk too, when not NULL. After a failure all is still
 * pending, and a later call tries again, unless the sink is a broken stream. */
vmpf_status vmpfi_writer_flush(vmpf_writer *w, const struct vmpfi_end *end, struct vmpf_error *err);
/* The same, but no new epoch begins: the caller of the API holds ids for the sample that it is just giving. */
vmpf_status vmpfi_writer_flush_in_epoch(vmpf_writer *w, struct vmpf_error *err);
/* Writes bytes that are no part of a flush at w->offset and moves it. */
vmpf_status vmpfi_writer_put(vmpf_writer *w, const void *data, size_t size_bytes,
                             struct vmpf_error *err);

/* VMPF_E_IO where the mapping is not to be touched. Somebody has cut the output under it; or another recording that opened the same file for
 * writing has laid its own journal where ours was: the mapping is of the file, not of our bytes in it. What we wrote now would be in
 * its profile, and its rows in ours. The writer is then broken. */
vmpf_status vmpfi_writer_check_mapping(vmpf_writer *w, struct vmpf_error *err);

/* Lost samples so far: those of the caller and those of the journal's producers. */
uint64_t vmpfi_writer_lost(const vmpf_writer *w);

/* pending.c: adds one sample, for which there must be room. */
vmpf_status vmpfi_writer_push(vmpf_writer *w, const struct vmpf_sample *sample,
                              struct vmpf_error *err);
bool vmpfi_writer_full(const vmpf_writer *w);
vmpf_status vmpfi_writer_prepare(vmpf_writer *w, struct vmpf_error *err);

/* drain.c: the journal. finish takes what is left, with producers gone, and gives no memory back. */
vmpf_status vmpfi_writer_drain_rows(vmpf_writer *w, bool live, struct vmpf_error *err);
/* After a flush: zeroes the rows that are in chunks now, and lets the producers have their place. */
void vmpfi_writer_release_rows(vmpf_writer *w);
void vmpfi_writer_journal_fini(vmpf_writer *w);

/* compact.c: brings the file to its final shape [F-7.6-1]. */
vmpf_status vmpfi_writer_compact(vmpf_writer *w, struct vmpf_error *err);

#endif
