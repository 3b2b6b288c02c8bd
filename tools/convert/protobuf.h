/* protobuf.h: messages of Protocol Buffers, as far as profiles need them: varints, fixed numbers, bytes, packed varints. */
#ifndef VMPROF_TOOLS_CONVERT_PROTOBUF_H
#define VMPROF_TOOLS_CONVERT_PROTOBUF_H

#include <stddef.h>
#include <stdint.h>

#include "tools/common/buffer.h"

void conv_proto_varint(struct vmpt_buffer *out, uint64_t value);
/* A field of an integer type; 0 is the default, and not written. */
void conv_proto_integer(struct vmpt_buffer *out, uint32_t field, uint64_t value);
/* Likewise, of a type of fixed length. */
void conv_proto_fixed64(struct vmpt_buffer *out, uint32_t field, uint64_t value);
/* A string, a message, or packed integers: what is NULL of size 0 is written as empty. */
void conv_proto_bytes(struct vmpt_buffer *out, uint32_t field, const char *data, size_t size_bytes);

#endif
