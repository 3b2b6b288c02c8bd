/* input_say.c: what is said of an input that could not be read, or not all of it. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "tools/common/diag.h"
#include "tools/common/input.h"

/* What a person can do about it. */
static const char *remedy(const struct vmpf_error *err)
{
    switch (err->status) {
    case VMPF_E_NOT_VMPROF: return "; record a profile with vmprof-record";
    case VMPF_E_VERSION: return "; update vmprof";
    case VMPF_E_TRUNCATED:
    case VMPF_E_CORRUPT: return "; nothing can be read of it, record it again";
    case VMPF_E_LIMIT: return "; it is damaged, or too big for this machine";
    case VMPF_E_NOMEM: return "; free memory, or choose part of it with --from and --to";
    case VMPF_E_IO:
        if (err->sys_errno == EISDIR) {
            return "; name a file";
        }
        if (err->sys_errno == ENOENT) {
            return "; name a profile that exists, or record one with vmprof-record";
        }
        if (err->sys_errno == EACCES) {
            return "; change its mode, or read it as its owner";
        }
        return "";
    default: return "";
    }
}

void vmpt_say_input_error(const char *tool, const char *name, const struct vmpf_error *err)
{
    const char *shown = strcmp(name, VMPT_STDIN) == 0 ? "standard input" : name;
    if (err->status == VMPF_E_IO && err->sys_errno) {
        vmpt_say(tool, "%s: %s: %s%s", shown, err->message, strerror(err->sys_errno), remedy(err));
    } else if (err->rule[0] || err->offset) {
        vmpt_say(tool, "%s: offset %" PRIu64 ": %s%s", shown, err->offset, err->message,
                 remedy(err));
    } else {
        vmpt_say(tool, "%s: %s%s", shown, err->message, remedy(err));
    }
}

void vmpt_say_damage(const char *tool, const char *name, const struct vmpt_input_facts *facts)
{
    const struct vmpf_damage *damage = &facts->damage;
    const char *shown = strcmp(name, VMPT_STDIN) == 0 ? "standard input" : name;
    if (facts->caution) {
        vmpt_say(tool, "%s: %s", shown, facts->caution);
    }
    if (!damage->damaged) {
        return;
    }
    if (!damage->first.message[0]) {
        vmpt_say(tool,
                 "%s: the recording has no end: it was killed, or still runs; "
                 "the %" PRIu64 " samples up to there are used",
                 shown, facts->samples);
        return;
    }
    vmpt_say(tool,
             "%s: offset %" PRIu64 ": %s; %" PRIu64 " samples and %" PRIu64
             " bytes are lost, the other %" PRIu64 " samples are used",
             shown, damage->first.offset, damage->first.message, damage->lost_samples,
             damage->lost_bytes, facts->samples);
}
