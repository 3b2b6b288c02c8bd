#include <string.h>

#include "sampler/core/error.h"
#include "sampler/vm/cpython_resolve.h"
#include "sampler/vm/none.h"
#include "sampler/vm/pypy_resolve.h"
#include "sampler/vm/vm.h"

static const struct vmps_vm_ops *const known_vms[] = {
    &vmps_cpython_ops,
    &vmps_pypy_ops,
};

static const struct vmps_vm_ops *find(void)
{
    for (size_t i = 0; i < sizeof known_vms / sizeof known_vms[0]; i++) {
        if (known_vms[i]->present()) {
            return known_vms[i];
        }
    }
    return NULL;
}

bool vmps_vm_present(void)
{
    return find() != NULL;
}

vmps_status vmps_vm_open(struct vmps_vm *vm, bool may_be_none, struct vmps_error *err)
{
    memset(vm, 0, sizeof *vm);
    vm->ops = find();
    if (vm->ops == NULL && may_be_none) {
        vm->ops = &vmps_none_ops;
    }
    if (vm->ops == NULL) {
        return vmps_fail(
            err, VMPS_E_INTERPRETER, 0,
            "there is no interpreter in this process that vmprof knows (CPython, PyPy)");
    }
    vmps_status status = vm->ops->open(vm, err);
    if (status != VMPS_OK) {
        vm->ops = NULL;
    }
    return status;
}

void vmps_vm_close(struct vmps_vm *vm)
{
    if (vm->ops != NULL) {
        vm->ops->close(vm);
    }
    vm->ops = NULL;
}
