/* checks.h: whether a file is whole. A check is one function in the table of checks.c. */
#ifndef VMPROF_TOOLS_INFO_CHECKS_H
#define VMPROF_TOOLS_INFO_CHECKS_H

#include "tools/info/report.h"

#define INFO_DETAIL_BYTES 320

/* What one check found in one file. */
struct info_check {
    size_t file;
    const char *name;
    uint64_t checked; /* things that could be wrong; 0: the file has none */
    uint64_t failed;
    char detail[INFO_DETAIL_BYTES]; /* the first failure; "": none */
};

enum info_verdict {
    INFO_SOUND,
    INFO_UNFINISHED, /* all that is there is sound, but a session has no end */
    INFO_DAMAGED,
};

struct info_checks {
    struct info_check *items; /* file by file, each check in the order of the table */
    size_t count;
    size_t per_file;
};

/* False: memory is short. */
bool info_checks_init(struct info_checks *checks, const struct info_report *report);
void info_checks_fini(struct info_checks *checks);

enum info_verdict info_file_verdict(const struct info_checks *checks, size_t file);
/* The worst of all files. */
enum info_verdict info_verdict(const struct info_checks *checks);
const char *info_verdict_name(enum info_verdict verdict);
/* The first check that failed in the file, or NULL. */
const struct info_check *info_first_failure(const struct info_checks *checks, size_t file);

#endif
