/* pypy_enable.c: turns PyPy's own _vmprof on and off, by Python code that runs in PyPy. It keeps the names; it does
 * not sample: its timer is stopped at once. */
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>

#include "sampler/vm/pypy_resolve.h"

/* The probe's loop is made machine code, so that the map of it can be found. It is tried again where the buffer with its
 * name was full just then, and written out. The period is the slowest that _vmprof
 * takes. A child made by fork has no file for names: its _vmprof would go on collecting them until its buffers
 * are full, and from then on new code would fail. */
static const char enabling[] =
    "import sys\n"
    "if hasattr(sys, '_pypy_execute_source'): del sys._pypy_execute_source[-1:]\n"
    "def vmprof_enable():\n"
    "    import _vmprof, _cffi_backend as ffi, os\n"
    "    _vmprof.enable(%d, 0.999, 0, 0, 0, 0)\n"
    "    scope = {}\n"
    "    number = ffi.new_primitive_type('long')\n"
    "    call = ffi.cast(ffi.new_function_type((number,), number), %lu)\n"
    "    for attempt in range(5):\n"
    "        exec(compile('''def %s(call, argument):\n"
    "            n = 0\n"
    "            while n < 5000:\n"
    "                n += 1\n"
    "            return call(argument)''', '<vmprof>', 'exec'), scope)\n"
    "        if scope['%s'](call, %lu) == 0: break\n"
    "    else:\n"
    "        return _vmprof.disable()\n"
    "    if not hasattr(sys, '_vmprof_fork'):\n"
    "        def in_child():\n"
    "            try:\n"
    "                if _vmprof.is_enabled(): _vmprof.disable()\n"
    "            except Exception:\n"
    "                pass\n"
    "        sys._vmprof_fork = in_child\n"
    "        os.register_at_fork(after_in_child=in_child)\n"
    "try:\n"
    "    vmprof_enable()\n"
    "except Exception:\n"
    "    pass\n";

static const char disabling[] = "import sys, _vmprof\n"
                                "del sys._pypy_execute_source[-1:]\n"
                                "try:\n"
                                "    if _vmprof.is_enabled(): _vmprof.disable()\n"
                                "except Exception:\n"
                                "    pass\n";

static const char not_asked[] = "its _vmprof could not be turned on";

static bool has_handler(const struct sigaction *action)
{
    return (action->sa_flags & SA_SIGINFO) != 0 ||
           (action->sa_handler != SIG_DFL && action->sa_handler != SIG_IGN);
}

/* _vmprof takes SIGPROF and its timer: the timer is the program's again at once. PyPy arms it anew after each
 * fork; so its handler stays, unless the program has one. */
static void give_signal_back(struct vmps_pypy_vm *pypy)
{
    sigaction(SIGPROF, NULL, &pypy->vm_action);
    setitimer(ITIMER_PROF, &pypy->program_timer, NULL);
    if (has_handler(&pypy->program_action)) {
        sigaction(SIGPROF, &pypy->program_action, NULL);
    }
}

/* What the Python code calls. */
static long found(long argument)
{
    struct vmps_pypy_vm *pypy = (struct vmps_pypy_vm *)argument;
    if (pypy->missing == not_asked) {
        give_signal_back(pypy);
    }
    pypy->missing = vmps_pypy_find(pypy);
    return pypy->missing != NULL;
}

static uint64_t monotonic_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

bool vmps_pypy_prepare(struct vmps_pypy_vm *pypy, char source[VMPS_PYPY_SOURCE_BYTES])
{
    char name[sizeof pypy->probe / 2];
    pypy->missing = not_asked;
    sigaction(SIGPROF, NULL, &pypy->program_action);
    getitimer(ITIMER_PROF, &pypy->program_timer);
    /* An address and a time: no other function has such a name, not even that of a recording before. */
    snprintf(name, sizeof name, "vmprof_probe_%lx_%lx", (unsigned long)pypy,
             (unsigned long)monotonic_ns());
    snprintf(pypy->probe, sizeof pypy->probe, "py:%s:", name);
    int length = snprintf(source, VMPS_PYPY_SOURCE_BYTES, enabling, pypy->fd, (unsigned long)found,
                          name, name, (unsigned long)pypy);
    return length > 0 && (size_t)length < VMPS_PYPY_SOURCE_BYTES;
}

bool vmps_pypy_enable(struct vmps_pypy_vm *pypy)
{
    char source[VMPS_PYPY_SOURCE_BYTES];
    if (!vmps_pypy_prepare(pypy, source)) {
        return false;
    }
    pypy->execute(source);
    return pypy->missing == NULL;
}

void vmps_pypy_disable(struct vmps_pypy_vm *pypy)
{
    char source[sizeof disabling];
    memcpy(source, disabling, sizeof disabling);
    struct sigaction before;
    struct itimerval timer;
    sigaction(SIGPROF, NULL, &before);
    getitimer(ITIMER_PROF, &timer);
    if (before.sa_handler == pypy->vm_action.sa_handler) {
        before = pypy->program_action;
    }
    pypy->execute(source);
    sigaction(SIGPROF, &before, NULL);
    setitimer(ITIMER_PROF, &timer, NULL);
}
