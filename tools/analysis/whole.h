/* whole.h: whether every byte of a profile is as it was written. */
#ifndef VMPROF_TOOLS_ANALYSIS_WHOLE_H
#define VMPROF_TOOLS_ANALYSIS_WHOLE_H

#include <stdbool.h>
#include <vmprof/vmpf.h>

/* vmpt_source_is_whole() reads all of a source that can seek, and checks every checksum and the numbers of the chunks; nothing is
 * decoded. The source stays where it is. False: something is wrong or missing, or the source cannot seek or is no
 * profile of our format. Whoever then reads all samples learns what it is. */
bool vmpt_source_is_whole(const struct vmpf_source *source);

#endif
