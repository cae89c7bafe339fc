#!/usr/bin/env bash
# Builds and runs every test: a release build with all of them, then what reads outside bytes or writes to disk (rooms base,
# text, nn and store, and the corpus of every fuzz target) under the address and undefined-behaviour sanitizers.
# Ends with "N passed, N failed". Installs what it needs. Logs: build/test-logs/. HANOK_TEST_QUICK=1 leaves out the sanitizers.
set -uo pipefail
cd "$(dirname "$0")"
. tools/packages.sh
install_packages "${BUILD_PACKAGES[@]}" "${RUN_PACKAGES[@]}" "${TEST_PACKAGES[@]}" "${TRAIN_PACKAGES[@]}"
mkdir -p build/test-logs
passed=0 failed=0

build() {  # build NAME TARGETS CMAKE-FLAGS...
  local name=$1 targets=$2
  shift 2
  step "Building ($name)"
  cmake -S . -B "build/$name" -G Ninja "$@" >"build/test-logs/$name-configure.log" 2>&1 &&
    cmake --build "build/$name" -j "$(build_jobs)" --target $targets >"build/test-logs/$name-build.log" 2>&1 && return 0
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

if build release all -DCMAKE_BUILD_TYPE=Release -DHANOK_TESTS=ON -DHANOK_TRAIN=ON; then
  step "Fetching real models for the tests (they do without where there are none)"
  tools/fetch_test_models.sh "$PWD/build/release/hanok" "$PWD/build/test-models" && export HANOK_MODELS=$PWD/build/test-models
  run release -j 2
  unset HANOK_MODELS
fi
if [ "${HANOK_TEST_QUICK-}" != 1 ]; then
  fuzzers=$(find src -name '*_fuzz.cpp' -exec basename {} .cpp \; | sort | tr '\n' ' ')
  build asan "hanok_base_test hanok_text_test hanok_nn_test hanok_store_test $fuzzers" -DCMAKE_BUILD_TYPE=RelWithDebInfo \
    "-DCMAKE_CXX_FLAGS_RELWITHDEBINFO=-O1 -g1" -DHANOK_SANITIZE=address,undefined &&
    run asan -j 2 -R '^(base|text|nn|store|fuzz)\.'
fi
echo
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
