#include "sampler/vm/pypy_resolve.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "sampler/core/error.h"

#define PLACES_BYTES (VMPS_PYPY_MAX_CODES * sizeof(uint32_t))
/* Blocks of libraries that were there at the start lie this near below the thread pointer, in every thread at
 * the same distance. Other blocks are allocated anywhere. */
#define MAX_BLOCK_DISTANCE (64 << 10)
/* Out of the way of the program's own descriptors. */
#define LOWEST_FD 200
/* From the folder that the sampler lies in. */
#define SITE_FOLDER "/vmprof/python/vmprof/pypy_site"

static uint64_t address_of(const char *symbol)
{
    return (uint64_t)dlsym(RTLD_DEFAULT, symbol);
}

/* ISO C has no cast from an object pointer to a function pointer; POSIX wants this to work. */
static void function_of(const char *symbol, void *function, size_t size)
{
    void *address = dlsym(RTLD_DEFAULT, symbol);
    memcpy(function, &address, size);
}

static bool present(void)
{
    return address_of("vmprof_enter_signal") != 0 && address_of("pypy_execute_source") != 0;
}

/* ---- the library ------------------------------------------------------------------------------ */

struct library_search {
    uint64_t inside; /* an address in the library */
    struct vmps_pypy_vm *pypy;
    bool found;
};

static void take_segments(const struct dl_phdr_info *info, struct vmps_pypy_vm *pypy)
{
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
        uint64_t begin = info->dlpi_addr + segment->p_vaddr;
        if (segment->p_type == PT_TLS) {
            pypy->block_bytes = segment->p_memsz;
        } else if (segment->p_type == PT_LOAD && (segment->p_flags & PF_W) != 0 &&
                   segment->p_memsz > segment->p_filesz) {
            pypy->variables.begin = (begin + segment->p_filesz + 7) & ~UINT64_C(7);
            pypy->variables.end = begin + segment->p_memsz;
        }
    }
}

static int visit_library(struct dl_phdr_info *info, size_t size, void *data)
{
    struct library_search *search = data;
    (void)size;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
        uint64_t begin = info->dlpi_addr + segment->p_vaddr;
        if (segment->p_type != PT_LOAD || search->inside < begin ||
            search->inside >= begin + segment->p_memsz) {
            continue;
        }
        take_segments(info, search->pypy);
        search->pypy->main_block = (uint64_t)info->dlpi_tls_data;
        search->found = true;
        return 1;
    }
    return 0;
}

static vmps_status find_library(struct vmps_pypy_vm *pypy, struct vmps_error *err)
{
    struct library_search search = {.inside = address_of("vmprof_enter_signal"), .pypy = pypy};
    dl_iterate_phdr(visit_library, &search);
    uint64_t pointer;
    __asm__("mov %%fs:0, %0" : "=r"(pointer));
    int64_t offset = (int64_t)(pypy->main_block - pointer);
    if (!search.found || pypy->main_block == 0 || pypy->block_bytes == 0 ||
        pypy->variables.begin == 0 || offset >= 0 || offset < -MAX_BLOCK_DISTANCE) {
        return vmps_fail(err, VMPS_E_INTERPRETER, 0,
                         "PyPy's library was loaded by this program itself, or is built in another "
                         "way than vmprof knows: it cannot be sampled");
    }
    pypy->walk.block_offset = offset;
    return VMPS_OK;
}

/* "3.9.16 (7.3.11+dfsg...)" is in no symbol: the version is that of the language, from the library's name. */
static void find_version(char *version, size_t size_bytes)
{
    Dl_info info;
    version[0] = '\0';
    const void *inside = dlsym(RTLD_DEFAULT, "vmprof_enter_signal");
    if (dladdr(inside, &info) == 0 || info.dli_fname == NULL) {
        return;
    }
    const char *name = strstr(info.dli_fname, "libpypy");
    const char *digits = name != NULL ? name + strlen("libpypy") : "";
    snprintf(version, size_bytes, "%.*s", (int)strspn(digits, "0123456789."), digits);
}

/* ---- names ------------------------------------------------------------------------------------ */

static int memory_file(void)
{
    int fd = memfd_create("vmprof names", MFD_CLOEXEC);
    int high = fd >= 0 ? fcntl(fd, F_DUPFD_CLOEXEC, LOWEST_FD) : -1;
    if (high >= 0) {
        close(fd);
        return high;
    }
    return fd;
}

static bool open_names(struct vmps_pypy_vm *pypy)
{
    struct vmps_pypy_names *names = &pypy->walk.names;
    pypy->fd = memory_file();
    names->fd = pypy->fd >= 0 ? fcntl(pypy->fd, F_DUPFD_CLOEXEC, LOWEST_FD) : -1;
    if (names->fd < 0) {
        return false;
    }
    void *file =
        mmap(NULL, VMPS_PYPY_FILE_BYTES, PROT_READ, MAP_SHARED | MAP_NORESERVE, names->fd, 0);
    void *places = mmap(NULL, PLACES_BYTES, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    names->file = file != MAP_FAILED ? file : NULL;
    names->places = places != MAP_FAILED ? places : NULL;
    names->read_bytes = &pypy->names_read_bytes;
    return names->file != NULL && names->places != NULL;
}

static void close_names(struct vmps_pypy_vm *pypy)
{
    struct vmps_pypy_names *names = &pypy->walk.names;
    if (names->file != NULL) {
        munmap((void *)(uintptr_t)names->file, VMPS_PYPY_FILE_BYTES);
    }
    if (names->places != NULL) {
        munmap((void *)(uintptr_t)names->places, PLACES_BYTES);
    }
    if (names->fd >= 0) {
        close(names->fd);
    }
    if (pypy->fd >= 0 && pypy->process_id == getpid()) {
        close(pypy->fd); /* in a child PyPy has closed it */
    }
}

/* ---- the operations --------------------------------------------------------------------------- */

/* Where PyPy has not begun to run Python, as under vmprof-record, nothing can be asked of it. Its `site` imports
 * sitecustomize from the first folder of PYTHONPATH that has one: ours takes the code out of the environment, runs it, and
 * leaves all as it would be without. */
static vmps_status leave_to_site(struct vmps_pypy_vm *pypy, struct vmps_error *err)
{
    char source[VMPS_PYPY_SOURCE_BYTES], folder[PATH_MAX], paths[2 * PATH_MAX],
        code[sizeof source + 32];
    Dl_info info;
    if (dladdr((const void *)&vmps_pypy_ops, &info) == 0 || info.dli_fname == NULL ||
        !vmps_pypy_prepare(pypy, source)) {
        return vmps_fail(err, VMPS_E_INTERPRETER, 0, "the sampler does not know where it lies");
    }
    const char *slash = strrchr(info.dli_fname, '/');
    int length = slash != NULL ? (int)(slash - info.dli_fname) : 0;
    snprintf(folder, sizeof folder, "%.*s" SITE_FOLDER, length, info.dli_fname);
    if (access(folder, R_OK) != 0) {
        return vmps_fail(err, VMPS_E_INTERPRETER, errno, "%.200s", folder);
    }
    const char *former = getenv("PYTHONPATH");
    snprintf(paths, sizeof paths, "%s%s%s", folder, former != NULL ? ":" : "",
             former != NULL ? former : "");
    snprintf(code, sizeof code, "%d %s", pypy->process_id, source);
    setenv("PYTHONPATH", paths, 1);
    setenv("VMPROF_PYPY", code, 1);
    pypy->by_site = true;
    return VMPS_OK;
}

static vmps_status turn_on(struct vmps_pypy_vm *pypy, struct vmps_error *err)
{
    if (!open_names(pypy)) {
        return vmps_fail(err, VMPS_E_SYSTEM, errno, "no memory for the names of PyPy's code");
    }
    if (!vmps_pypy_runs_python(pypy)) {
        return leave_to_site(pypy, err);
    }
    if (vmps_pypy_enable(pypy)) {
        return VMPS_OK;
    }
    return vmps_fail(err, VMPS_E_INTERPRETER, 0,
                     "this PyPy cannot be sampled: %s; end any other use of _vmprof first",
                     pypy->missing);
}

static void release(struct vmps_pypy_vm *pypy)
{
    close_names(pypy);
    free(pypy);
}

static vmps_status pypy_open(struct vmps_vm *vm, struct vmps_error *err)
{
    struct vmps_pypy_vm *pypy = calloc(1, sizeof *pypy);
    if (pypy == NULL) {
        return vmps_fail(err, VMPS_E_SYSTEM, errno, "out of memory");
    }
    pypy->fd = pypy->walk.names.fd = -1;
    pypy->process_id = getpid();
    pypy->walk.counts = &pypy->counts;
    function_of("vmprof_enter_signal", &pypy->walk.enter, sizeof pypy->walk.enter);
    function_of("vmprof_exit_signal", &pypy->walk.leave, sizeof pypy->walk.leave);
    function_of("pypy_execute_source", &pypy->execute, sizeof pypy->execute);
    vmps_status status = find_library(pypy, err);
    if (status == VMPS_OK) {
        status = turn_on(pypy, err);
    }
    if (status != VMPS_OK) {
        release(pypy);
        return status;
    }
    vm->data = pypy;
    find_version(vm->version, sizeof vm->version);
    return VMPS_OK;
}

/* At the end of a process that PyPy has left no Python runs any more, and nothing needs to be turned off. */
static void pypy_close(struct vmps_vm *vm)
{
    struct vmps_pypy_vm *pypy = vm->data;
    vm->data = NULL;
    if (pypy->process_id == getpid() && !pypy->by_site) {
        vmps_pypy_disable(pypy);
    }
    release(pypy);
}

static const char *pypy_conclude(struct vmps_vm *vm, char *buffer, size_t size_bytes)
{
    struct vmps_pypy_vm *pypy = vm->data;
    unsigned long machine = atomic_load(&pypy->counts.machine_code);
    unsigned long differs = atomic_load(&pypy->counts.vm_differs);
    unsigned long unresolved = atomic_load(&pypy->counts.unresolved);
    if (pypy->missing != NULL) {
        snprintf(buffer, size_bytes,
                 "samples have no Python frames: of this PyPy, %s (under -S, -E and -I "
                 "vmprof-record cannot reach it)",
                 pypy->missing);
        return buffer;
    }
    if (machine == 0 && unresolved == 0) {
        return NULL;
    }
    snprintf(
        buffer, size_bytes,
        "machine code of the JIT: innermost in %lu samples, in %lu of which PyPy's own handler "
        "would have named another function or none; in %lu places that PyPy's map does not cover "
        "the function around is named; %lu that could not be told are marked <machine code>",
        machine, differs, (unsigned long)atomic_load(&pypy->counts.uncovered), unresolved);
    return buffer;
}

/* So that a name is at hand before code is sampled. */
static void pypy_tend(struct vmps_vm *vm)
{
    const struct vmps_pypy_vm *pypy = vm->data;
    vmps_pypy_names_read(&pypy->walk.names);
}

const struct vmps_vm_ops vmps_pypy_ops = {
    .name = "pypy",
    .title = "PyPy",
    .present = present,
    .open = pypy_open,
    .check = vmps_pypy_check,
    .code_of = vmps_pypy_code_of,
    .tend = pypy_tend,
    .conclude = pypy_conclude,
    .close = pypy_close,
    .walker = {.walk = vmps_pypy_walk, .describe = vmps_pypy_describe},
};
