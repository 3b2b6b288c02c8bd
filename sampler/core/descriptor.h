/* descriptor.h: keeps our file descriptors out of the program's way. */
#ifndef VMPROF_SAMPLER_CORE_DESCRIPTOR_H
#define VMPROF_SAMPLER_CORE_DESCRIPTOR_H

/* vmps_descriptor_move_up() moves fd to a high number, closed on exec. Where that cannot be had, fd
 * itself comes back, closed on exec. */
int vmps_descriptor_move_up(int fd);

#endif
