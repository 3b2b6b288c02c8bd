/* state.h: the inside of a vmpf_reader, shared by the files of this folder. Private. */
#ifndef VMPROF_FMT_READER_STATE_H
#define VMPROF_FMT_READER_STATE_H

#include "libvmprof_fmt/src/blocks/chunk.h"
#include "libvmprof_fmt/src/blocks/index.h"
#include "libvmprof_fmt/src/blocks/samples.h"
#include "libvmprof_fmt/src/blocks/totals.h"
#include "libvmprof_fmt/src/model/metadata.h"
#include "libvmprof_fmt/src/reader/ahead.h"
#include "libvmprof_fmt/src/reader/input.h"
#include "libvmprof_fmt/src/reader/plan.h"
#include "libvmprof_fmt/src/reader/range.h"
#include "libvmprof_fmt/src/reader/tables.h"

#include <vmprof/vmpf.h>

/* A session that was read, or is being read. */
struct vmpfi_session {
    struct vmpf_info info;
    struct vmpfi_metadata metadata;
    bool values_known;
    uint64_t sample_position; /* samples that the file has told of: read or lost */
    uint64_t sums[VMPF_MAX_VALUES];
    bool samples_lost;
};

/* The JOURNAL chunk of the current session, put aside until its other chunks are read [F-7.5-1]. */
struct vmpfi_reader_journal {
    struct vmpfi_buffer payload;
    struct vmpfi_buffer codes; /* CODE payloads of CODES chunks */
    uint64_t position;         /* the greatest that a SAMPLES chunk named */
    uint64_t offset;           /* of the payload in the input */
    uint32_t layout;
    bool seen;
};

/* Which samples of the current session TOTALS chunks speak of [F-5.9-1]. */
struct vmpfi_coverage {
    uint64_t epoch_first; /* number of the epoch's first sample */
    uint64_t until;       /* all samples that are covered are before it */
    uint64_t *ends;       /* of the SAMPLES chunks since: number behind their last sample */
    size_t end_count, end_capacity;
    bool unsure; /* a chunk of samples is missing: where it began and ended is not known */
};

/* What the current session is verified against: options.verify. */
struct vmpfi_verify {
    uint64_t session_offset; /* of its superblock in the input */
    uint64_t damages_before; /* r->damages when it began */
    /* By stack of the epoch: what its samples [first, end) come to. */
    struct {
        uint64_t of[1 + VMPF_MAX_VALUES]; /* samples, values */
    } * sums;
    size_t stack_count, capacity;
    uint64_t first, end;
    uint64_t untold; /* TOTALS chunks that could not be held against their samples */
    /* The chunks behind the last INDEX chunk that the next one has to list. */
    struct vmpfi_index_entry *chunks;
    size_t chunk_count, chunk_capacity;
    uint64_t listed;       /* by the INDEX chunks before */
    uint64_t index_offset; /* of the last one; 0: none */
};

struct vmpfi_reader_log;

struct vmpf_reader {
    struct vmpfi_input input;
    struct vmpfi_reader_log
        *log; /* NULL: a profile of our own format; else all comes from it (log.h) */
    struct vmpf_reader_options options;
    struct vmpfi_range range;
    struct vmpfi_ahead ahead;
    struct vmpfi_plan plan;
    struct vmpfi_tables tables;
    struct vmpfi_scratch scratch;
    struct vmpfi_session **sessions;
    size_t session_count, session_capacity;
    size_t block_session; /* of the last block */
    /* the current session */
    uint64_t session_id;
    bool session_open; /* false between END, or the end of the input, and the next superblock */
    bool refused;      /* it needs what is not known here: its chunks are passed over */
    uint32_t next_sequence;
    uint32_t epoch;
    struct vmpfi_reader_journal journal;
    struct vmpfi_coverage coverage;
    /* the current block, or totals in its place */
    struct vmpfi_samples samples;
    uint64_t samples_offset; /* of the payload that they are from */
    struct vmpfi_totals totals;
    bool totals_wanted; /* TOTALS chunks are read in place of the samples that they cover */
    bool have_totals;
    struct vmpfi_buffer ones;
    uint32_t *zeros; /* of columns that blocks leave out */
    size_t zero_count;
    struct vmpfi_verify verify;
    struct vmpf_damage damage;
    uint64_t damages;          /* how often something was noted */
    struct vmpf_error failure; /* final; status VMPF_OK: none */
};

/* The session whose chunks are being read; there is one from the opening on. */
static inline struct vmpfi_session *vmpfi_reader_current(const vmpf_reader *r)
{
    return r->sessions[r->session_count - 1];
}

/* A second copy of a chunk that was read [F-3-5]. */
static inline bool vmpfi_reader_has_read(const vmpf_reader *r,
                                         const struct vmpfi_chunk_header *header)
{
    return vmpfi_chunk_is_numbered(header) && header->sequence < r->next_sequence;
}

/* damage.c: what was wrong is counted, and the first of it kept. error may be NULL. */
void vmpfi_damage_note(vmpf_reader *r, const struct vmpf_error *error); /* nothing to count */
void vmpfi_damage_bytes(vmpf_reader *r, uint64_t bytes, const struct vmpf_error *error);
void vmpfi_damage_chunk(vmpf_reader *r, const struct vmpf_error *error);
void vmpfi_damage_samples(vmpf_reader *r, uint64_t samples, const struct vmpf_error *error);
/* What the tables miss that they did not before. */
void vmpfi_damage_names(vmpf_reader *r, uint64_t offset, const char *rule);
void vmpfi_damage_unfinished(vmpf_reader *r);

/* chunks.c: one step: a chunk, the end of a session, the start of one. *block: r->samples holds a block. VMPF_END: there
 * is nothing more. VMPF_E_UNSUPPORTED, VMPF_E_VERSION: the session is refused, the next call goes on behind it; other
 * errors are final. err is not NULL. */
vmpf_status vmpfi_reader_step(vmpf_reader *r, bool *block, struct vmpf_error *err);

/* visit.c: the same as vmpfi_reader_step(), of what the plan says alone. */
vmpf_status vmpfi_plan_step(vmpf_reader *r, bool *block, struct vmpf_error *err);

/* session.c: */
vmpf_status vmpfi_session_begin(vmpf_reader *r, const struct vmpfi_superblock *superblock,
                                struct vmpf_error *err);
/* The rest of the session is passed over: it counts as not finished. */
void vmpfi_session_refuse(vmpf_reader *r);
/* Takes one whole chunk, or a JOURNAL that was cut. *block is true when r->samples holds a block of it. Damage is counted.
 * VMPF_E_UNSUPPORTED: the session was refused; other errors are final. */
vmpf_status vmpfi_session_chunk(vmpf_reader *r, const struct vmpfi_chunk_header *header,
                                const struct vmpfi_payload *payload, bool *block,
                                struct vmpf_error *err);
/* As the first SAMPLES chunk does, where that is not read [F-5.1-4]. */
void vmpfi_session_fix_values(vmpf_reader *r);
/* The end of the session's bytes: what is in its journal comes as one more block. */
vmpf_status vmpfi_session_end(vmpf_reader *r, bool *block, struct vmpf_error *err);

/* journal.c: the chunks JOURNAL and CODES are put aside. VMPF_E_CORRUPT: the chunk breaks a rule, nothing changed. */
vmpf_status vmpfi_journal_take(vmpf_reader *r, const struct vmpfi_chunk_header *header,
                               const struct vmpfi_payload *payload, struct vmpf_error *err);
vmpf_status vmpfi_journal_take_codes(vmpf_reader *r, const struct vmpfi_payload *payload,
                                     struct vmpf_error *err);

/* coverage.c: TOTALS chunks are held against the SAMPLES chunks that they are of. */
void vmpfi_coverage_new_session(struct vmpfi_coverage *c);
void vmpfi_coverage_new_epoch(struct vmpfi_coverage *c, uint64_t position);
/* Samples [first, end) were read; `position` were known of before. VMPF_E_NOMEM. */
vmpf_status vmpfi_coverage_samples(struct vmpfi_coverage *c, uint64_t position, uint64_t first,
                                   uint64_t end);
/* [F-5.9-1], [F-5.9-4]. VMPF_E_CORRUPT. */
vmpf_status vmpfi_coverage_totals(struct vmpfi_coverage *c, const struct vmpfi_totals *totals,
                                  uint64_t offset, struct vmpf_error *err);

/* salvage.c: the rows of the journal. Gives r->samples, with ids of a new epoch. The values of the session are
 * known by then. */
vmpf_status vmpfi_salvage_journal(vmpf_reader *r, bool *block, struct vmpf_error *err);

/* verify.c: of no effect without options.verify, but for the two that begin something. Breaches are noted as damage. VMPF_E_NOMEM. */
void vmpfi_verify_session(vmpf_reader *r);
void vmpfi_verify_epoch(vmpf_reader *r);
void vmpfi_verify_fini(struct vmpfi_verify *v);
vmpf_status vmpfi_verify_chunk(vmpf_reader *r, const struct vmpfi_chunk_header *header,
                               const struct vmpfi_payload *payload);
/* r->samples, with the file's ids; first: the number of the first. */
vmpf_status vmpfi_verify_samples(vmpf_reader *r, uint64_t first);
/* r->totals. */
void vmpfi_verify_totals(vmpf_reader *r, const struct vmpfi_payload *payload);
void vmpfi_verify_index(vmpf_reader *r, const struct vmpfi_index_chunk *chunk,
                        const struct vmpfi_payload *payload);
void vmpfi_verify_end(vmpf_reader *r, const struct vmpfi_end *end,
                      const struct vmpfi_payload *payload);

/* totals.c: the next piece out of r->totals, or out of the samples of a block. */
vmpf_status vmpfi_totals_take(vmpf_reader *r, const struct vmpfi_payload *payload,
                              struct vmpf_error *err);
vmpf_status vmpfi_totals_finish(vmpf_reader *r, struct vmpf_totals *totals, struct vmpf_error *err);

/* block.c: takes the samples that are not wanted out of r->samples. false: none is left. */
bool vmpfi_block_is_wanted(vmpf_reader *r);
/* Turns r->samples, with ids of the file, into the block that the caller gets. */
vmpf_status vmpfi_block_finish(vmpf_reader *r, struct vmpf_block *block, struct vmpf_error *err);

#endif
