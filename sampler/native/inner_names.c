#include "sampler/native/inner_names.h"

#include <stddef.h>
#include <string.h>

static const char *const loop_names[] = {"_PyEval_EvalFrameDefault", "PyEval_EvalFrameEx"};

/* From Objects/call.c, methodobject.c, descrobject.c, typeobject.c, funcobject.c, genobject.c, Python/ceval.c,
 * pythonrun.c, Modules/main.c and _threadmodule.c of 2.7 to 3.15. */
static const char *const inner_prefixes[] = {
    "_PyCFunction_",
    "_PyEval_",
    "_PyFunction_",
    "_PyGen_",
    "_PyMethodDef_RawFastCall",
    "_PyMethodDescr_",
    "_PyObject_Call",
    "_PyObject_FastCall",
    "_PyObject_MakeTpCall",
    "_PyObject_Vectorcall",
    "_PyRun_",
    "_PyStack_",
    "_PyVectorcall_",
    "PyCFunction_Call",
    "PyEval_",
    "PyInstance_New",
    "PyObject_Call",
    "PyObject_Vectorcall",
    "PyRun_",
    "PyVectorcall_",
    "Py_BytesMain",
    "Py_Main",
    "Py_RunMain",
    "call_attribute",
    "call_function",
    "call_maybe",
    "call_method",
    "call_unbound",
    "callmethod",
    "cfunction_",
    "classmethoddescr_call",
    "do_call",
    "ext_do_call",
    "fast_function",
    "function_call",
    "function_code_fastcall",
    "gen_iternext",
    "gen_send_ex",
    "instance_call",
    "instancemethod_call",
    "lookup_maybe",
    "lookup_method",
    "method_call",
    "method_vectorcall",
    "methoddescr_call",
    "object_vacall",
    "pymain_",
    "pyrun_",
    "pythread_wrapper",
    "run_eval_code_obj",
    "run_mod",
    "slot_",
    "t_bootstrap",
    "thread_run",
    "type_call",
    "vectorcall_",
    "wrap_",
    "wrapper_call",
    "wrapperdescr_",
};

static const char *const inner_names[] = {"main", "_start"};

/* The name up to what a compiler puts behind it. */
static bool is_name(const char *name, const char *known)
{
    size_t size = strlen(known);
    return strncmp(name, known, size) == 0 && (name[size] == '\0' || name[size] == '.');
}

const char *vmps_loop_name(const char *name)
{
    for (size_t i = 0; i < sizeof loop_names / sizeof loop_names[0]; i++) {
        if (is_name(name, loop_names[i])) {
            return loop_names[i];
        }
    }
    return NULL;
}

bool vmps_is_inner_name(const char *name)
{
    for (size_t i = 0; i < sizeof inner_prefixes / sizeof inner_prefixes[0]; i++) {
        if (strncmp(name, inner_prefixes[i], strlen(inner_prefixes[i])) == 0) {
            return true;
        }
    }
    for (size_t i = 0; i < sizeof inner_names / sizeof inner_names[0]; i++) {
        if (is_name(name, inner_names[i])) {
            return true;
        }
    }
    return false;
}
