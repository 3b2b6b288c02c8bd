/* write_profile.c: writes FILE, a profile of two samples of work(), which main() had called. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <vmprof/vmpf.h>
#define TEXT(literal) ((struct vmpf_string){.data = (literal), .size_bytes = sizeof(literal) - 1})
#define TRY(call) ((call) == VMPF_OK ? (void)0 : (fprintf(stderr, "%s\n", err.message), exit(1)))

int main(int argc, char **argv)
{
    const struct vmpf_string values[] = {TEXT("cpu:ns")}, names[] = {TEXT("main"), TEXT("work")};
    const struct vmpf_thread thread = {.process_id = 1, .thread_id = 1, .name = TEXT("main")};
    struct vmpf_sample sample = {.values = {1000000}};
    struct vmpf_error err;
    struct vmpf_sink sink;
    vmpf_writer *w;
    int fd = argc == 2 ? open(argv[1], O_RDWR | O_CREAT | O_TRUNC, 0666) : -1;
    if (fd < 0) {
        return argc == 2 ? perror(argv[1]) : (void)fputs("Usage: write_profile FILE\n", stderr), 2;
    }
    TRY(vmpf_sink_open_fd(&sink, fd, &err));
    TRY(vmpf_writer_open(&w, sink, NULL, &err));
    TRY(vmpf_writer_meta_list(w, VMPF_META_VALUES, values, 1, &err));
    TRY(vmpf_writer_thread(w, &thread, &sample.thread, &err));
    for (uint32_t i = 0; i < 2; i++) { /* from the root, which is stack 0, inwards */
        const struct vmpf_function function = {
            .name = names[i], .file = TEXT("prog.x"), .first_line = 10 * i, .kind = VMPF_KIND_VM};
        uint32_t id;
        TRY(vmpf_writer_function(w, &function, &id, &err));
        TRY(vmpf_writer_location(w, id, 10 * i + 5, &id, &err));
        TRY(vmpf_writer_stack(w, sample.stack, id, &sample.stack, &err));
    }
    for (; sample.time_ns < 2000000; sample.time_ns += 1000000) {
        TRY(vmpf_writer_sample(w, &sample, &err));
    }
    TRY(vmpf_writer_close(w, sample.time_ns, &err));
    return 0;
}
