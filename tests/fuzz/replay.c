/* replay.c: stands in for libFuzzer where it is not linked. Runs the fuzz target once over each
 * file named on the command line, so that what a fuzzer once found stays tested in every build. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay(const char *path)
{
    int result = -1;
    uint8_t *data = NULL;
    long size;
    FILE *file = fopen(path, "rb");

    if (file == NULL || fseek(file, 0, SEEK_END) != 0) {
        goto done;
    }
    size = ftell(file);
    if (size < 0 || fseek(file, 0, SEEK_SET) != 0) {
        goto done;
    }
    /* Its own allocation, of the exact size: a sanitizer then sees the first byte read too far. */
    data = malloc(size > 0 ? (size_t)size : 1);
    if (data == NULL || fread(data, 1, (size_t)size, file) != (size_t)size) {
        goto done;
    }
    result = LLVMFuzzerTestOneInput(data, (size_t)size);
done:
    if (result != 0) {
        fprintf(stderr, "replay: %s: cannot be read, or was not taken\n", path);
    }
    free(data);
    if (file != NULL) {
        fclose(file);
    }
    return result;
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (replay(argv[i]) != 0) {
            return 1;
        }
    }
    return 0;
}
