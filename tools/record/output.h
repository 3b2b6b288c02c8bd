/* output.h: the file that a recording goes to. */
#ifndef VMPROF_TOOLS_RECORD_OUTPUT_H
#define VMPROF_TOOLS_RECORD_OUTPUT_H

#include <limits.h>
#include <stdbool.h>
#include <sys/stat.h>

struct record_output {
    int fd;          /* inherited by the program */
    bool is_regular; /* a file of its own, which can be read afterwards */
    char path[PATH_MAX];
    char new_path[PATH_MAX]; /* what it is called until record_output_keep(); "": as path */
    struct stat at_start;    /* of the file, as it was opened */
};

/* record_output_open() makes a new file beside path: an older profile of that name stays until
 * record_output_keep(), and a recording that still writes to it goes on undisturbed even then. It has
 * the permissions of the older one. Where no file can be made beside path, path itself is opened and
 * emptied. What is no regular file (a pipe, a device) is opened as it is. Returns 0 or an errno. */
int record_output_open(struct record_output *output, const char *path);

/* record_output_keep() gives the file its name. Returns 0 or an errno. */
int record_output_keep(struct record_output *output);

/* record_move_fd_up() gives the descriptor a high number, so that a program finds its own where they
 * always are. Returns the new one; fd itself where that cannot be had. */
int record_move_fd_up(int fd);

/* record_output_is_untouched(): nothing was written to the file, nor was it emptied, since it was opened. */
bool record_output_is_untouched(const struct record_output *output);

/* record_output_is_at_path(): path names this file, and not one that another program put there. */
bool record_output_is_at_path(const struct record_output *output);

/* record_output_drop() closes the file, and removes it if it has not got its name yet. */
void record_output_drop(struct record_output *output);

#endif
