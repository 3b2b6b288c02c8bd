/* output_file.h: the file that the environment names for a profile.
 *
 * Thread: any.  Signal: unsafe. */
#ifndef VMPROF_SAMPLER_CORE_OUTPUT_FILE_H
#define VMPROF_SAMPLER_CORE_OUTPUT_FILE_H

#include <limits.h>
#include <stdbool.h>

struct vmps_output_file {
    int fd;
    char new_path[PATH_MAX]; /* "": the file has its name already */
};

/* vmps_output_file_open() opens a new file beside path, so that a recording that still writes to an older one is not
 * disturbed; where none can be made, or path is no regular file, path itself. 0 or an errno.
 * vmps_output_file_keep() gives it its name, vmps_output_file_drop() closes and removes it. */
int vmps_output_file_open(struct vmps_output_file *file, const char *path);
int vmps_output_file_keep(struct vmps_output_file *file, const char *path);
void vmps_output_file_drop(struct vmps_output_file *file);

#endif
