#!/bin/sh
# examples_test.sh WRITE READ EXPECTED: what the one example writes, the other one prints.
set -eu
out=$TEST_TMPDIR/out.prof
"$1" "$out"
"$2" "$out" >"$TEST_TMPDIR/printed.txt" 2>"$TEST_TMPDIR/warnings.txt"
diff "$3" "$TEST_TMPDIR/printed.txt"
[ ! -s "$TEST_TMPDIR/warnings.txt" ]

# They check what they are told and what they are given.
if "$1" "$TEST_TMPDIR/no/such/folder/out.prof" 2>/dev/null; then
    echo "write_profile: a file that cannot be made was no error"
    exit 1
fi
if "$2" "$3" 2>/dev/null; then
    echo "read_profile: a text was taken for a profile"
    exit 1
fi
head -c 300 "$out" >"$TEST_TMPDIR/cut.prof"
"$2" "$TEST_TMPDIR/cut.prof" 2>&1 >/dev/null | grep -q '^damaged'
