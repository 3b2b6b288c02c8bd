#!/bin/sh
# The check of imports must fail where it should: a symbol that is not listed, a missing archive, an
# archive of something else.
set -eu

check=$1
allowed=$2
shift 2
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

must_fail() {
    what=$1
    shift
    if "$@" >"$scratch/out" 2>&1; then
        echo "passed, though $what" >&2
        exit 1
    fi
}

"$check" "$allowed" "$@"
grep -v '^memcpy$\|^clock_gettime$' "$allowed" >"$scratch/short"
must_fail "clock_gettime is not listed" "$check" "$scratch/short" "$@"
must_fail "an archive is missing" "$check" "$allowed" "$@" "$scratch/none.a"
must_fail "only one archive is there" "$check" "$allowed" "$1"
must_fail "the list is missing" "$check" "$scratch/none" "$@"
