/* log_names.h: what the records of a log call its ids (spec section 6). Private.
 *
 * All names are collected in one pass over the log; a second one then asks in the order of the log. */
#ifndef VMPROF_FMT_LEGACY_LOG_NAMES_H
#define VMPROF_FMT_LEGACY_LOG_NAMES_H

#include "libvmprof_fmt/src/base/buffer.h"
#include "libvmprof_fmt/src/base/map.h"

#include <vmprof/vmpf.h>

#define VMPFI_LOG_NO_NAME UINT32_MAX

/* A name that an id has for a stretch of the log: records that say the same one behind the other are one. */
struct vmpfi_log_name {
    const char *data;
    uint32_t size_bytes;
    uint32_t next; /* the id's next name, or VMPFI_LOG_NO_NAME */
    uint64_t last; /* offset of the last record that says so */
};

/* The names of one id, from those of one marker. */
struct vmpfi_log_named {
    uint32_t current; /* that of the sample that was asked for last */
    uint32_t last;
};

/* The names that the records of one marker give. */
struct vmpfi_log_names {
    struct vmpfi_arena text;
    struct vmpfi_log_name *names;
    size_t count, capacity;
    struct vmpfi_log_named *named;
    size_t named_count, named_capacity;
    struct vmpfi_map64 ids; /* to numbers of named */
    bool some_change;       /* some id has two names, or more */
};

void vmpfi_log_names_fini(struct vmpfi_log_names *names);
size_t vmpfi_log_names_bytes(const struct vmpfi_log_names *names);
/* Offsets only grow. VMPF_E_NOMEM, VMPF_E_LIMIT. */
vmpf_status vmpfi_log_names_add(struct vmpfi_log_names *names, uint64_t id, struct vmpf_string text,
                                uint64_t offset);
/* The number of the name that an id has in a sample at this offset [L-6-2]; VMPFI_LOG_NO_NAME: none. Offsets only grow
 * from call to call. */
uint32_t vmpfi_log_names_find(struct vmpfi_log_names *names, uint64_t id, uint64_t offset);
/* Whether a sample behind the record of id at this offset has another name for it than one before. */
bool vmpfi_log_names_change(const struct vmpfi_log_names *names, uint64_t id, uint64_t offset);
bool vmpfi_log_names_has(const struct vmpfi_log_names *names, uint64_t id);

/* A name taken apart [L-6-3], [L-6-4]. The parts lie in the text. */
struct vmpfi_log_name_parts {
    struct vmpf_string prefix; /* without the colon */
    struct vmpf_string name;
    struct vmpf_string file;
    uint32_t line;
};
struct vmpfi_log_name_parts vmpfi_log_name_take_apart(struct vmpf_string text);

#endif
