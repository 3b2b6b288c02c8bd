// What an unwinder stumbles over: exceptions, files that come and go, memory that is asked for all the time, stacks of
// the program's own. storm SECONDS PLUGIN...: each PLUGIN has a function `spin`.
#include <dlfcn.h>
#include <pthread.h>
#include <ucontext.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <stdexcept>
#include <string>
#include <vector>

static time_t end_time;
static std::vector<std::string> plugins;
static volatile long total;

static bool is_time()
{
    return time(nullptr) < end_time;
}

static __attribute__((noinline)) void thrower(int depth)
{
    std::string kept(static_cast<size_t>(depth % 50 + 1), 'x');
    if (depth == 0) {
        throw std::runtime_error(kept);
    }
    thrower(depth - 1);
    total = total + static_cast<long>(kept.size());
}

static void *exceptions(void *)
{
    while (is_time()) {
        try {
            thrower(30);
        } catch (const std::exception &caught) {
            total = total + caught.what()[0];
        }
    }
    return nullptr;
}

static void *loading(void *)
{
    for (size_t i = 0; is_time(); i++) {
        void *handle = dlopen(plugins[i % plugins.size()].c_str(), RTLD_NOW);
        if (handle == nullptr) {
            fprintf(stderr, "%s\n", dlerror());
            exit(1);
        }
        reinterpret_cast<void (*)(int)>(dlsym(handle, "spin"))(20000);
        dlclose(handle);
    }
    return nullptr;
}

static void *allocating(void *)
{
    std::vector<void *> kept(1000);
    for (unsigned i = 0; is_time(); i++) {
        for (int k = 0; k < 1000; k++) {
            void *&slot = kept[(i * 7919u + static_cast<unsigned>(k)) % 1000];
            free(slot);
            slot = malloc((i * 31u + static_cast<unsigned>(k)) % 3000);
        }
    }
    return nullptr;
}

static ucontext_t outside, inside;

static void coroutine()
{
    for (;;) {
        std::string text = std::to_string(total);
        total = total + static_cast<long>(text.size());
        swapcontext(&inside, &outside);
    }
}

static void *coroutines(void *)
{
    std::vector<char> stack(65536);
    getcontext(&inside);
    inside.uc_stack.ss_sp = stack.data();
    inside.uc_stack.ss_size = stack.size();
    makecontext(&inside, coroutine, 0);
    while (is_time()) {
        swapcontext(&outside, &inside);
    }
    return nullptr;
}

int main(int argc, char **argv)
{
    end_time = time(nullptr) + atoi(argv[1]);
    plugins.assign(argv + 2, argv + argc);
    pthread_t threads[4];
    void *(*const work[])(void *) = {exceptions, loading, allocating, coroutines};
    for (int i = 0; i < 4; i++) {
        pthread_create(&threads[i], nullptr, work[i], nullptr);
    }
    for (int i = 0; i < 4; i++) {
        pthread_join(threads[i], nullptr);
    }
    puts("done");
    return 0;
}
