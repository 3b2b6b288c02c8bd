/* output.h: the file that a recording goes to. */
#ifndef VMPROF_TOOLS_RECORD_OUTPUT_H
#define VMPROF_TOOLS_RECORD_OUTPUT_H

#include <limits.h>
#include <stdbool.h>

struct record_output {
    int fd;          /* inherited by the program */
    bool is_regular; /* a file of its own, which can be read afterwards */
    char path[PATH_MAX];
    char new_path[PATH_MAX]; /* what it is called until record_output_keep(); "": as path */
};

/* record_output_open() makes a new file beside path: an older profile of that name stays until
 * record_output_keep(), and a recording that still writes to it goes on undisturbed even then. What
 * is no regular file (a pipe, a device) is opened as it is. Returns 0 or an errno. */
int record_output_open(struct record_output *output, const char *path);

/* record_output_keep() gives the file its name. Returns 0 or an errno. */
int record_output_keep(struct record_output *output);

/* record_move_fd_up() gives the descriptor a high number, so that a program finds its own where they
 * always are. Returns the new one; fd itself where that cannot be had. */
int record_move_fd_up(int fd);

/* record_output_drop() removes the file. */
void record_output_drop(struct record_output *output);

#endif
