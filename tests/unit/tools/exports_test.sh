#!/bin/sh
# exports_test.sh LIBRARY: it exports the functions of stats_api.h and nothing else.
set -eu
exported=$(nm -D --defined-only "$1" | awk '{ print $3 }' | sed 's/@.*//')
[ -n "$exported" ] || { echo "$1 exports nothing"; exit 1; }
others=$(echo "$exported" | grep -v '^vmpt_stats_' || true)
[ -z "$others" ] || { echo "exported, and should not be: $others"; exit 1; }
echo "$exported" | grep -q '^vmpt_stats_descendants$'
