#!/bin/sh
# check_imports.sh ALLOWED ARCHIVE...: what runs in the signal handler may import only the symbols
# that ALLOWED lists, or that the archives themselves define. Anything unclear is a failure.
set -eu

[ $# -ge 2 ] || { echo "usage: check_imports.sh ALLOWED ARCHIVE..." >&2; exit 2; }
allowed=$1
shift
[ -s "$allowed" ] || { echo "no list of allowed symbols at $allowed" >&2; exit 1; }

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

for archive in "$@"; do
    [ -s "$archive" ] || { echo "no archive at $archive" >&2; exit 1; }
    nm --undefined-only --format=posix "$archive" >"$scratch/out"
    sed -n 's/^\([^ ]*\) [Uvw].*/\1/p' "$scratch/out" >>"$scratch/imports"
    nm --defined-only --format=posix "$archive" >"$scratch/out"
    sed -n 's/^\([^ ]*\) [TtDdBbRrVvWw] .*/\1/p' "$scratch/out" >>"$scratch/defined"
done

# An archive that was read wrongly imports and defines nothing: that is no pass.
for symbol in clock_gettime pthread_self; do
    grep -qx "$symbol" "$scratch/imports" ||
        { echo "$symbol is not imported: these are not the signal side's archives" >&2; exit 1; }
done
for symbol in vmps_tick_handler vmps_cpython_walk; do
    grep -qx "$symbol" "$scratch/defined" ||
        { echo "$symbol is not defined: these are not the signal side's archives" >&2; exit 1; }
done

sed -e 's/[[:space:]]*#.*//' -e '/^[[:space:]]*$/d' "$allowed" >"$scratch/known"
cat "$scratch/defined" >>"$scratch/known"
sort -u "$scratch/known" >"$scratch/known.sorted"
sort -u "$scratch/imports" >"$scratch/imports.sorted"
comm -13 "$scratch/known.sorted" "$scratch/imports.sorted" >"$scratch/forbidden"
if [ -s "$scratch/forbidden" ]; then
    echo "code that runs in the signal handler imports:" >&2
    sed 's/^/    /' "$scratch/forbidden" >&2
    exit 1
fi
echo "$(wc -l <"$scratch/imports.sorted") imports, all allowed"
