/* One session of an input, read as if it stood alone. The tables of a reader hold what all sessions define; what one
 * of them defines is known so. */
#ifndef VMPROF_TESTS_REFERENCE_ALONE_H
#define VMPROF_TESTS_REFERENCE_ALONE_H

#include <vmprof/vmpf.h>

/* The reader of the session of that number (0, 1, ...) of the profile at path, at its end. NULL where a reader can
 * give nothing of it. The caller closes it. Ends the program where path cannot be read. */
vmpf_reader *read_alone(const char *path, size_t session);

#endif
