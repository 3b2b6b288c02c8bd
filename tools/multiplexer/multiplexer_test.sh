#!/usr/bin/env bash
# multiplexer_test.sh VMPROF: which tool runs, with which arguments, and what is said when none does.
set -euo pipefail

program=$1
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
mkdir "$scratch/bin" "$scratch/path" "$scratch/empty"
cp -L "$program" "$scratch/bin/vmprof"
cp -L "$program" "$scratch/empty/vmprof"
for folder in bin path; do
    printf '#!/bin/sh\necho %s "$@"\nexit 7\n' "$folder" >"$scratch/$folder/vmprof-top"
done
printf '#!/bin/sh\necho other\n' >"$scratch/path/vmprof-other"
chmod +x "$scratch"/*/vmprof-*
export PATH=$scratch/path:$PATH

# expect CODE OUTPUT COMMAND...: the exit code and standard output of a command, in one line each.
expect() {
    local code=0 output
    output=$("${@:3}" 2>"$scratch/stderr") || code=$?
    if [ "$code" != "$1" ] || [ "$output" != "$2" ]; then
        printf 'FAILED: %s\n  expected %s %q\n  got      %s %q\n' "${*:3}" "$1" "$2" "$code" "$output"
        exit 1
    fi
}

expect 7 "bin a  b" "$scratch/bin/vmprof" top "a  b"
expect 7 "bin --help" "$scratch/bin/vmprof" top --help
expect 7 "path x" "$scratch/empty/vmprof" top x
expect 0 "other" "$scratch/bin/vmprof" other
expect 2 "" "$scratch/bin/vmprof" nothing
[ "$(wc -l <"$scratch/stderr")" = 1 ]
expect 2 "" "$scratch/bin/vmprof" ../bin/vmprof-top
expect 2 "" "$scratch/bin/vmprof" ""
expect 2 "" "$scratch/bin/vmprof" --bad
expect 2 "" "$scratch/bin/vmprof"
"$scratch/bin/vmprof" --help | grep -qx "  top         show the functions .*"
"$scratch/bin/vmprof" help | cmp - <("$scratch/bin/vmprof" --help)
expect 7 "bin --help" "$scratch/bin/vmprof" help top
expect 2 "" "$scratch/bin/vmprof" help nothing
ln -s "$scratch/bin/vmprof" "$scratch/link"
expect 7 "bin x" "$scratch/link" top x
chmod -x "$scratch/bin/vmprof-top"
expect 1 "" "$scratch/bin/vmprof" top
echo ok
