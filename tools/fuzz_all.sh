#!/usr/bin/env bash
# Every fuzz target under libFuzzer, one after the other, and a table of what came of it:
#
#   tools/fuzz_all.sh [SECONDS] [TARGET...]     SECONDS for each target (60); all targets where none is named
#
# Builds with the preset "fuzz" (clang, address and undefined-behaviour sanitizers). Starts from the seeds in tests/fuzz/ and
# from what earlier runs found (build/fuzz/corpus/). Findings are kept in build/fuzz/findings/: repair the cause, and put a
# small version of the file into tests/fuzz/TARGET/ under a name that says what it is. Exit status: 1 when there was one.
set -uo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-60}
shift
[ $# -gt 0 ] || set -- $(find src -name '*_fuzz.cpp' -exec basename {} .cpp \; | sort)
[ -f build/fuzz/build.ninja ] || cmake --preset fuzz >/dev/null || exit 2
cmake --build build/fuzz --target "$@" || exit 2
mkdir -p build/fuzz/logs
rows=() status=0
for target in "$@"; do
  corpus=build/fuzz/corpus/$target findings=build/fuzz/findings/$target log=build/fuzz/logs/$target
  mkdir -p "$corpus" "$findings"
  nice -n 15 "build/fuzz/$target" -max_total_time="$seconds" -rss_limit_mb=2048 -timeout=10 -print_final_stats=1 \
    -artifact_prefix="$findings/" "$corpus" "tests/fuzz/$target" >"$log" 2>&1
  result=$?
  runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
  edges=$(grep -o 'cov: [0-9]*' "$log" | tail -1 | cut -c6-)
  verdict="nothing found"
  if [ $result != 0 ]; then
    status=1
    verdict=$(grep -m1 -oE 'SUMMARY: .*|ERROR: libFuzzer: .*' "$log" || echo "exit status $result, see $log")
  fi
  rows+=("$(printf '%-20s %12s %8s  %s' "$target" "${runs:--}" "${edges:--}" "$verdict")")
  echo "${rows[-1]}"
done
printf '\n%-20s %12s %8s  %s\n' target runs edges result
printf '%s\n' "${rows[@]}"
exit $status
