/* gunzip.h: what is in a gzip'd source, as it comes in; several members may follow each other. */
#ifndef VMPROF_TOOLS_IMPORT_GUNZIP_H
#define VMPROF_TOOLS_IMPORT_GUNZIP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <vmprof/vmpf.h>

struct gunzip;

/* A reader of what begins with these bytes, which are copied. NULL: not enough memory. */
struct gunzip *gunzip_new(const void *first, size_t size_bytes);
void gunzip_free(struct gunzip *gunzip);

/* Inflates to `to`, reading from source what that takes: how many bytes, 0 at the end, or -errno. What comes after a place where
 * the stream is damaged, or cut, is not to be had: that is an end, too, and gunzip_is_cut() tells. */
int64_t gunzip_read(struct gunzip *gunzip, struct vmpf_source *source, void *to, size_t room);
bool gunzip_is_cut(const struct gunzip *gunzip);

#endif
