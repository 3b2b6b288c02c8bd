#include "tests/mkprofile/spoil.h"

#include <string.h>
#include <sys/types.h>
#include <unistd.h>
#include <zlib.h>

/* The superblock, section 2 of the spec. */
#define SUPERBLOCK_BYTES 64
#define READ_VERSION_AT 8
#define WRITE_VERSION_AT 10
#define CHECKSUM_AT 60

static const char *set_version(int fd, uint64_t version)
{
    unsigned char superblock[SUPERBLOCK_BYTES];
    if (pread(fd, superblock, sizeof(superblock), 0) != SUPERBLOCK_BYTES) {
        return "there is no superblock";
    }
    superblock[READ_VERSION_AT] = superblock[WRITE_VERSION_AT] = (unsigned char)version;
    unsigned long crc = crc32(0, superblock, CHECKSUM_AT);
    for (unsigned i = 0; i < 4; i++) {
        superblock[CHECKSUM_AT + i] = (unsigned char)(crc >> (8 * i));
    }
    if (pwrite(fd, superblock, sizeof(superblock), 0) != SUPERBLOCK_BYTES) {
        return "cannot write";
    }
    return NULL;
}

static const char *change_byte(int fd, const char *how, off_t offset, uint64_t value)
{
    unsigned char byte;
    if (pread(fd, &byte, 1, offset) != 1) {
        return "there is no such byte";
    }
    byte = strcmp(how, "set") == 0 ? (unsigned char)value : (unsigned char)(byte ^ 1u);
    return pwrite(fd, &byte, 1, offset) == 1 ? NULL : "cannot write";
}

const char *spoil(int fd, const char *how, const uint64_t numbers[2], bool from_end)
{
    off_t size = lseek(fd, 0, SEEK_END);
    off_t offset = (off_t)numbers[0];
    if (strcmp(how, "version") == 0) {
        return set_version(fd, numbers[0]);
    }
    if (offset > size) {
        return "the file is shorter than that";
    }
    if (strcmp(how, "cut") == 0) {
        return ftruncate(fd, size - offset) == 0 ? NULL : "cannot cut";
    }
    return change_byte(fd, how, from_end ? size - offset : offset, numbers[1]);
}
