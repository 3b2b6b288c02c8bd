#include "tools/import/proto.h"

#include <string.h>

enum wire_type { VARINT = 0, FIXED64 = 1, BYTES = 2, FIXED32 = 5 };

struct proto proto_of(const uint8_t *data, size_t size_bytes)
{
    return (struct proto){.at = data, .end = data + size_bytes};
}

static bool broken(struct proto *message)
{
    message->broken = true;
    message->at = message->end;
    return false;
}

static bool read_varint(struct proto *message, uint64_t *value)
{
    *value = 0;
    for (unsigned shift = 0; shift < 64 && message->at < message->end; shift += 7) {
        uint8_t byte = *message->at++;
        *value |= (uint64_t)(byte & 0x7F) << shift;
        if (byte < 0x80) {
            return true;
        }
    }
    return broken(message);
}

static bool read_fixed(struct proto *message, size_t size, uint64_t *value)
{
    if ((size_t)(message->end - message->at) < size) {
        return broken(message);
    }
    *value = 0;
    for (size_t i = 0; i < size; i++) {
        *value |= (uint64_t)message->at[i] << (8 * i);
    }
    message->at += size;
    return true;
}

static bool read_bytes(struct proto *message, struct proto *bytes)
{
    uint64_t size;
    if (!read_varint(message, &size)) {
        return false;
    }
    if (size > (uint64_t)(message->end - message->at)) {
        return broken(message);
    }
    *bytes = proto_of(message->at, (size_t)size);
    message->at += size;
    return true;
}

bool proto_next(struct proto *message, struct proto_field *field)
{
    uint64_t tag;
    memset(field, 0, sizeof(*field));
    if (message->at == message->end || !read_varint(message, &tag)) {
        return false;
    }
    field->number = (uint32_t)(tag >> 3);
    if (tag >> 3 == 0 || tag >> 32 != 0) {
        return broken(message);
    }
    switch (tag & 7) {
    case VARINT: return read_varint(message, &field->value);
    case FIXED64: field->is_fixed = true; return read_fixed(message, 8, &field->value);
    case FIXED32: field->is_fixed = true; return read_fixed(message, 4, &field->value);
    case BYTES: field->is_bytes = true; return read_bytes(message, &field->bytes);
    default: return broken(message);
    }
}

bool proto_packed(struct proto *numbers, uint64_t *value)
{
    return numbers->at < numbers->end && read_varint(numbers, value);
}
