/* cpython_walk.h: walks the stack of a CPython thread, from inside a signal handler.
 *
 * All that differs between versions is data here: struct vmps_cpython_layout. */
#ifndef VMPROF_SAMPLER_VM_CPYTHON_WALK_H
#define VMPROF_SAMPLER_VM_CPYTHON_WALK_H

#include <stdbool.h>
#include <stdint.h>

#include "sampler/signal/walk_sig.h"

/* How the top frame is found. */
enum vmps_cpython_stack {
    VMPS_STACK_FRAME_OBJECTS = 0, /* to 3.10: a list of frame objects, always whole */
    VMPS_STACK_CFRAMES,           /* 3.11, 3.12: through a structure on the C stack */
    VMPS_STACK_FRAMES,            /* from 3.13: a pointer in the thread state */
};

/* How an activation of the interpreter's loop begins, where frames hang on C frames. */
enum vmps_cpython_entry {
    VMPS_ENTRY_FLAG = 0, /* 3.11: a flag in its first frame */
    VMPS_ENTRY_SHIM,     /* 3.12: a frame without code before its first */
};

/* How the instruction is told. */
enum vmps_cpython_ip {
    VMPS_IP_BYTES = 0, /* an int: bytes from the start of the code */
    VMPS_IP_UNITS,     /* an int: units of two bytes */
    VMPS_IP_POINTER,   /* an address inside the code object */
};

#define VMPS_NO_SHIM 255

/* Offsets in bytes on 64-bit builds. */
struct vmps_cpython_layout {
    uint8_t major, first_minor, last_minor;
    uint8_t stack;      /* enum vmps_cpython_stack */
    uint8_t entry;      /* enum vmps_cpython_entry */
    uint8_t ip;         /* enum vmps_cpython_ip */
    uint8_t shim_owner; /* frames with this owner or above carry no code */
    uint8_t lines;      /* VMPF_LINES_* */
    uint16_t thread_frame, thread_id, thread_chunk, thread_chunk_top;
    uint16_t cframe_frame, cframe_previous;
    uint16_t frame_previous, frame_code, frame_ip, frame_owner, frame_is_entry;
    uint64_t frame_code_mask; /* tag bits are 0 */
    /* The name: the qualified one where there is one, from 3.11 on. */
    uint16_t code_name, code_file, code_first_line, code_lines, code_bytes;
    uint16_t code_flags; /* to 3.10 */
    /* 3.11 and 3.12: how many words a frame of a code takes of the data stack: what stands there in the code (one of
     * them; 0: none), and some more. */
    uint16_t code_frame_words[2], frame_more_words;
    uint16_t bytes_data; /* of a bytes object: 2.7's str, 3's bytes */
    /* Of a str object, 3 only. */
    uint16_t text_ascii, text_compact; /* sizes of the two headers */
    uint8_t text_kind_shift, text_compact_bit, text_ascii_bit;
};

struct vmps_cpython {
    struct vmps_cpython_layout layout;
    uint64_t code_type, text_type, bytes_type; /* addresses of the type objects */
    void *(*thread_state)(void);               /* of the calling thread; NULL before 3 */
    uint64_t current_thread_state;             /* 2.7: where the running thread's is kept */
    void *(*locked_thread_state)(void);        /* takes a lock in 2.7: never for a handler */
    /* For cpython_threads.c: not for a handler. */
    void *(*first_interpreter)(void), *(*next_interpreter)(void *), *(*first_thread)(void *);
    uint64_t lock_begin, lock_end; /* where the interpreter's lock lies; 0: not known */
    uint32_t next_offset;          /* of the next thread state in a thread state */
    uint32_t
        system_id_offset; /* of the system's thread id in what a pthread_t points to; 0: not known */
};

vmps_walk_status vmps_cpython_walk(struct vmps_walk *walk);
bool vmps_cpython_describe(struct vmps_walk *walk, uint64_t code_address, struct vmps_code *code);
vmps_walk_status vmps_cpython_identify(struct vmps_walk *walk, struct vmps_walk_frame *frame);

#endif
