#include "sampler/vm/guarded_cpython.h"

/* NOLINTNEXTLINE(bugprone-suspicious-include): what differs is only how memory is loaded */
#include "sampler/vm/cpython_walk.c"
