/* join_world.h: a process made of plain memory, for the tests of what joins two stacks: code, tables, a native stack, and
 * an interpreter's frames. */
#ifndef VMPROF_TESTS_UNIT_NATIVE_JOIN_WORLD_H
#define VMPROF_TESTS_UNIT_NATIVE_JOIN_WORLD_H

#include "sampler/native/join_walk.h"

/* Each function is this long and begins with a call, so that what returns into it returns behind one. */
#define FUNCTION_BYTES 64u
#define CALL_BYTES 5u
#define MAX_FRAMES 16

/* The functions of the world. */
enum { LOOP, INNER, SORT, COMPARE, START, OURS, SIGNAL, FUNCTIONS };

struct world {
    _Alignas(64) uint8_t code[2][FUNCTIONS * FUNCTION_BYTES]; /* the second is of the runtime */
    struct vmps_unwind_row rows[2];
    struct vmps_mark_range marks[FUNCTIONS];
    struct vmps_unwind_tables *tables;
    struct vmps_native native;
    struct vmps_recording recording;
    struct vmps_slot slot;
    struct vmpf_row_frame frames[MAX_FRAMES]; /* the interpreter's */
    uint64_t stack[2 * MAX_FRAMES + 2];
    struct vmps_walk walk;
    struct vmps_joined joined;
    struct vmps_registers registers;
    size_t native_count;
};

extern struct world *world;

int set_up(void **state);
int tear_down(void **state);
uint64_t inside(int module, int function);
void native_in(int module, int function);
void native(int function);
void python(uint32_t code);
void activation(uint64_t anchor, bool is_hidden);
uint64_t here(void);
void join(uint32_t flags);
uint64_t address_of(uint32_t code);
void expect_python(uint32_t code);
void expect_native_at(uint64_t address);
void expect_native(int function);
void expect(const int *frames, size_t count);
void expect_end(uint32_t flags);
void expect_unplaced(void);

#define EXPECT(...) expect((const int[]){__VA_ARGS__}, sizeof(int[]){__VA_ARGS__} / sizeof(int))

#endif
