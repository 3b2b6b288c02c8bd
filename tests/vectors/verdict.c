/* Prints what libvmprof_fmt says against profiles, one line of JSON each: the status and the rule of the first
 * error that a call returned, and of the first thing that was damaged.
 *
 * verdict FILE... */
#include <vmprof/vmpf.h>

#include <stdio.h>
#include <stdlib.h>

static void print_error(const char *name, const struct vmpf_error *error)
{
    printf("\"%s\":{\"rule\":\"%s\",\"status\":\"%s\"}", name, error->rule,
           vmpf_status_name(error->status));
}

/* An error ends a session, not always the input: a second error in a row is the end of it. */
static struct vmpf_error read_all(vmpf_reader *reader)
{
    struct vmpf_error first = {.status = VMPF_OK};
    unsigned errors_in_a_row = 0;
    while (errors_in_a_row < 2) {
        struct vmpf_block block;
        struct vmpf_error error = {.status = VMPF_OK};
        vmpf_status status = vmpf_reader_next(reader, &block, &error);
        if (status == VMPF_END) {
            break;
        }
        errors_in_a_row = status == VMPF_OK ? 0 : errors_in_a_row + 1;
        if (status != VMPF_OK && first.status == VMPF_OK) {
            first = error;
        }
    }
    return first;
}

static bool judge(const char *path)
{
    struct vmpf_source source;
    struct vmpf_error error = {.status = VMPF_OK};
    const struct vmpf_error none = {.status = VMPF_OK};
    vmpf_reader *reader = NULL;

    if (vmpf_source_open_file(&source, path, &error) != VMPF_OK) {
        fprintf(stderr, "verdict: %s: %s\n", path, error.message);
        return false;
    }
    const struct vmpf_reader_options options = {.size = sizeof(options), .verify = true};
    if (vmpf_reader_open(&reader, source, &options, &error) == VMPF_OK) {
        error = read_all(reader);
    }
    putchar('{');
    print_error("damage", reader == NULL ? &none : &vmpf_reader_damage(reader)->first);
    putchar(',');
    print_error("error", &error);
    puts("}");
    vmpf_reader_close(reader);
    return true;
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (!judge(argv[i])) {
            return EXIT_FAILURE;
        }
    }
    return EXIT_SUCCESS;
}
