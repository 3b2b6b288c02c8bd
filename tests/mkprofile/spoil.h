/* spoil.h: what happens to a profile after it was written well. */
#ifndef VMPROF_TESTS_MKPROFILE_SPOIL_H
#define VMPROF_TESTS_MKPROFILE_SPOIL_H

#include <stdbool.h>
#include <stdint.h>

/* Spoils the file that fd has open for reading and writing. how:
 *   "cut"      takes numbers[0] bytes off its end
 *   "flip"     turns a bit of the byte at numbers[0]
 *   "set"      sets the byte at numbers[0] to numbers[1]
 *   "version"  makes the superblock say version numbers[0], with a right checksum
 * from_end: the offset counts from the end. Returns NULL, or what is wrong. */
const char *spoil(int fd, const char *how, const uint64_t numbers[2], bool from_end);

#endif
