/* new_file.h: a file that takes its name when it is whole. Until then a file that had the name stays as it was.
 */
#ifndef VMPROF_TOOLS_COMMON_NEW_FILE_H
#define VMPROF_TOOLS_COMMON_NEW_FILE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

struct vmpt_new_file {
    int fd;
    bool is_stdout;
    char path[PATH_MAX];
    char new_path[PATH_MAX]; /* what it is called until it is whole; "": as path */
};

/* The one of names that is the file `path`, whatever it is called there, or NULL. "-" among names is standard
 * input; as path, standard output. */
const char *vmpt_find_same_file(const char *path, const char *const *names, size_t count);

/* Opens a new file for reading and writing beside path, with the permissions of the file that it will
 * replace; "-" is standard output, and what is no regular file is opened as it is. 0 or an errno. */
int vmpt_new_file_open(struct vmpt_new_file *file, const char *path);
/* Closes the file and gives it its name. 0, or an errno: then it was removed. */
int vmpt_new_file_keep(struct vmpt_new_file *file);
/* Closes the file, and removes it where it has not got its name yet. */
void vmpt_new_file_drop(struct vmpt_new_file *file);

#endif
