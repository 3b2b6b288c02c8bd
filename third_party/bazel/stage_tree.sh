#!/usr/bin/env bash
# stage_tree.sh MANIFEST TAR: copies each "MODE SOURCE DESTINATION" of MANIFEST and packs the copies.
# The same files give the same bytes, so that Bazel can tell that nothing changed.
set -euo pipefail

manifest=$1
tar=$2
stage=$tar.stage
rm -rf "$stage"
mkdir -p "$stage"
while read -r mode source destination; do
    if [ -e "$stage/$destination" ]; then
        echo "stage_tree: $source: $destination is taken by another file" >&2
        exit 1
    fi
    install -D -m "$mode" "$source" "$stage/$destination"
done <"$manifest"
tar --create --file="$tar" --directory="$stage" --sort=name --format=gnu \
    --mtime=@0 --owner=0 --group=0 --numeric-owner .
rm -rf "$stage"
