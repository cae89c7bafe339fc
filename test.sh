#!/usr/bin/env bash
# Builds and runs every test: release build with all of them, then the parsers' and the store's under address and
# undefined-behaviour sanitizers. Ends with "N passed, N failed". Installs what it needs. Logs: build/test-logs/.
# HANOK_TEST_QUICK=1 leaves out the sanitizer build.
set -uo pipefail
cd "$(dirname "$0")"
. tools/packages.sh
install_packages "${BUILD_PACKAGES[@]}" "${RUN_PACKAGES[@]}" "${TEST_PACKAGES[@]}"
mkdir -p build/test-logs
passed=0 failed=0

build() {  # build NAME CMAKE-FLAGS...
  local name=$1
  shift
  step "Building ($name)"
  cmake -S . -B "build/$name" -G Ninja "$@" >"build/test-logs/$name-configure.log" 2>&1 &&
    cmake --build "build/$name" -j "$(build_jobs)" >"build/test-logs/$name-build.log" 2>&1 && return 0
  tail -40 "build/test-logs/$name-configure.log" "build/test-logs/$name-build.log" 2>/dev/null
  failed=$((failed + 1))
  return 1
}

run() {  # run NAME CTEST-FLAGS...
  local name=$1 log=build/test-logs/$1-ctest.log bad all
  shift
  step "Testing ($name)"
  ctest --test-dir "build/$name" --output-on-failure "$@" >"$log" 2>&1
  grep -E '^ *[0-9]+/[0-9]+ Test.*(\*\*\*|Not Run)' "$log"
  grep -q '\*\*\*Failed\|\*\*\*Exception\|\*\*\*Timeout' "$log" && grep -v 'Passed' "$log" | tail -150
  grep -E 'tests passed' "$log"
  all=$(sed -n 's/.*tests failed out of \([0-9]*\).*/\1/p' "$log")
  bad=$(sed -n 's/.*tests passed, \([0-9]*\) tests failed.*/\1/p' "$log")
  [ -n "$all" ] || { echo "ctest ran no test"; tail -20 "$log"; failed=$((failed + 1)); return; }
  passed=$((passed + all - bad)) failed=$((failed + bad))
}

if build release -DCMAKE_BUILD_TYPE=Release -DHANOK_TESTS=ON; then
  step "Fetching real models for the tests (they do without where there are none)"
  tools/fetch_test_models.sh "$PWD/build/release/hanok" "$PWD/build/test-models" && export HANOK_MODELS=$PWD/build/test-models
  run release -j 2
  unset HANOK_MODELS
fi
if [ "${HANOK_TEST_QUICK-}" != 1 ]; then
  build asan -DCMAKE_BUILD_TYPE=RelWithDebInfo "-DCMAKE_CXX_FLAGS_RELWITHDEBINFO=-O1 -g1" -DHANOK_SANITIZE=address,undefined &&
    run asan -j 2 -LE slow
fi
echo
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
