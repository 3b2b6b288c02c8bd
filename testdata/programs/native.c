/* A program without an interpreter: `burn` in two threads, through qsort() of the C library. */
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#define COUNT 2000

static int compare(const void *left, const void *right)
{
    const int *a = left, *b = right;
    return (*a > *b) - (*a < *b);
}

static double cpu_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

__attribute__((noinline)) void burn(double seconds)
{
    int numbers[COUNT];
    double end = cpu_seconds() + seconds;
    do {
        for (int i = 0; i < COUNT; i++) {
            numbers[i] = rand();
        }
        qsort(numbers, COUNT, sizeof numbers[0], compare);
    } while (cpu_seconds() < end);
}

static void *in_thread(void *seconds)
{
    burn(*(double *)seconds);
    return NULL;
}

int main(int argc, char **argv)
{
    double seconds = argc > 1 ? atof(argv[1]) : 0.5;
    pthread_t thread;
    pthread_create(&thread, NULL, in_thread, &seconds);
    burn(seconds);
    pthread_join(thread, NULL);
    return 5;
}
