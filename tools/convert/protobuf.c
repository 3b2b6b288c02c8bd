#include "tools/convert/protobuf.h"

#define WIRE_VARINT 0u
#define WIRE_FIXED64 1u
#define WIRE_BYTES 2u

void conv_proto_varint(struct vmpt_buffer *out, uint64_t value)
{
    char bytes[10];
    size_t size = 0;
    while (value >= 0x80) {
        bytes[size++] = (char)(unsigned char)(value | 0x80);
        value >>= 7;
    }
    bytes[size++] = (char)(unsigned char)value;
    vmpt_buffer_add(out, bytes, size);
}

void conv_proto_integer(struct vmpt_buffer *out, uint32_t field, uint64_t value)
{
    if (value) {
        conv_proto_varint(out, (uint64_t)field << 3 | WIRE_VARINT);
        conv_proto_varint(out, value);
    }
}

void conv_proto_bytes(struct vmpt_buffer *out, uint32_t field, const char *data, size_t size_bytes)
{
    conv_proto_varint(out, (uint64_t)field << 3 | WIRE_BYTES);
    conv_proto_varint(out, size_bytes);
    vmpt_buffer_add(out, data, size_bytes);
}

void conv_proto_fixed64(struct vmpt_buffer *out, uint32_t field, uint64_t value)
{
    char bytes[8];
    for (unsigned i = 0; i < 8; i++) {
        bytes[i] = (char)(unsigned char)(value >> 8 * i);
    }
    if (value) {
        conv_proto_varint(out, (uint64_t)field << 3 | WIRE_FIXED64);
        vmpt_buffer_add(out, bytes, sizeof(bytes));
    }
}
