/* Inlined calls, a partly inlined function and a cold path, in C. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct entry {
    unsigned key;
    int value;
};

static inline unsigned mix(unsigned x)
{
    x ^= x >> 15;
    x *= 0x85EBCA6BU;
    return x ^ (x >> 13);
}

static inline unsigned slot(unsigned key, unsigned size)
{
    return mix(key + 1) % size;
}

static void fail(const char *why)
{
    fprintf(stderr, "%s\n", why);
    exit(1);
}

static int *find(struct entry *entries, unsigned size, unsigned key)
{
    unsigned at = slot(key, size);
    for (unsigned i = 0; i < size; i++) {
        struct entry *entry = &entries[(at + i) % size];
        if (entry->key == key || entry->key == 0) {
            entry->key = key;
            return &entry->value;
        }
    }
    fail("full");
    return NULL;
}

__attribute__((noinline)) int count(unsigned rounds)
{
    struct entry entries[64];
    int sum = 0;
    memset(entries, 0, sizeof(entries));
    for (unsigned i = 0; i < rounds; i++) {
        int *value = find(entries, 64, mix(i) % 40 + 1);
        *value += (int)i;
        sum ^= *value;
    }
    return sum;
}

int main(int argc, char **argv)
{
    (void)argv;
    printf("%d\n", count((unsigned)argc * 1000));
    return 0;
}
