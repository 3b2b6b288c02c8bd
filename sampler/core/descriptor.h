/* descriptor.h: keeps our file descriptors out of the program's way. */
#ifndef VMPROF_SAMPLER_CORE_DESCRIPTOR_H
#define VMPROF_SAMPLER_CORE_DESCRIPTOR_H

/* vmps_descriptor_move_up() moves fd to a high number, closed on exec. Where that cannot be had, fd
 * itself comes back, closed on exec. */
int vmps_descriptor_move_up(int fd);

/* vmps_descriptor_leave() gives the calling thread descriptors of its own, none of which is open yet:
 * what it opens from then on takes no number from the program, and what the program closes is closed.
 * Linux 5.9 and later; before that nothing changes. */
void vmps_descriptor_leave(void);

#endif
