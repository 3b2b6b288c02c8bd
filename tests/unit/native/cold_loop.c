#include "tests/unit/native/cold_loop.h"

static volatile int seen;

static __attribute__((cold, noinline)) void seldom(int number)
{
    seen += number;
}

/* One case a kind of word, each with a part that hardly ever runs. */
#define CASE(k)                                                                                    \
    case k:                                                                                        \
        sum += words[i] * (k);                                                                     \
        if (__builtin_expect(sum == (k)*1000 + 7, 0)) {                                            \
            seldom(sum);                                                                           \
            sum -= (k) + seen;                                                                     \
        }                                                                                          \
        break;

int cold_loop(const int *words, int count)
{
    int sum = 0;
    for (int i = 0; i < count; i++) {
        switch (words[i] & 7) {
            CASE(0) CASE(1) CASE(2) CASE(3) CASE(4) CASE(5) CASE(6) default : sum ^= words[i];
        }
    }
    return sum;
}
