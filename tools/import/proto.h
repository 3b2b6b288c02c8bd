/* proto.h: messages of Protocol Buffers, field by field (developers.google.com/protocol-buffers/docs/encoding). */
#ifndef VMPROF_TOOLS_IMPORT_PROTO_H
#define VMPROF_TOOLS_IMPORT_PROTO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What is left of a message. */
struct proto {
    const uint8_t *at, *end;
    bool broken; /* it ended in a field, or held what is none */
};

struct proto_field {
    uint32_t number;
    bool is_bytes;  /* else an integer, */
    bool is_fixed;  /* of fixed width */
    uint64_t value; /* of an integer */
    struct proto bytes;
};

struct proto proto_of(const uint8_t *data, size_t size_bytes);
/* The next field. false at the end, or where the message is broken. */
bool proto_next(struct proto *message, struct proto_field *field);
/* The next number of a packed field. false at the end, or where it is broken. */
bool proto_packed(struct proto *numbers, uint64_t *value);

#endif
