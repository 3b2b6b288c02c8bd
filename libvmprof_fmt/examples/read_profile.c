/* read_profile.c: prints each sample of FILE: its first value, and its stack, innermost frame first. */
#include <stdio.h>
#include <stdlib.h>
#include <vmprof/vmpf.h>
#define TRY(call) ((call) == VMPF_OK ? (void)0 : (fprintf(stderr, "%s\n", err.message), exit(1)))

static void print_stack(const vmpf_reader *r, uint32_t node)
{
    for (; node != 0; node = vmpf_reader_stack(r, node).parent) {
        struct vmpf_location location =
            vmpf_reader_location(r, vmpf_reader_stack(r, node).location);
        struct vmpf_string name = vmpf_reader_function(r, location.function).name;
        printf(" %.*s:%u", (int)name.size_bytes, name.data, (unsigned)location.line);
    }
    putchar('\n');
}

int main(int argc, char **argv)
{
    struct vmpf_error err;
    struct vmpf_source source;
    struct vmpf_block block;
    vmpf_reader *r;
    if (argc != 2) {
        return fputs("Usage: read_profile FILE\n", stderr), 2;
    }
    TRY(vmpf_source_open_file(&source, argv[1], &err));
    TRY(vmpf_reader_open(&r, source, NULL, &err));
    vmpf_status status = vmpf_reader_next(r, &block, &err);
    for (; status == VMPF_OK; status = vmpf_reader_next(r, &block, &err)) {
        for (size_t i = 0; i < block.count; i++) {
            printf("%llu", (unsigned long long)block.values[0][i]);
            print_stack(r, block.stack[i]);
        }
    }
    if (status == VMPF_END && vmpf_reader_damage(r)->damaged) {
        fprintf(stderr, "damaged: %s\n", vmpf_reader_damage(r)->first.message);
    }
    vmpf_reader_close(r);
    TRY(status == VMPF_END ? VMPF_OK : status);
    return 0;
}
