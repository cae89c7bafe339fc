#!/usr/bin/env bash
# The recovery tests of tests/recovery with a thousand kills each (ten minutes or so):  bench/store/kills.sh [KILLS]
set -euo pipefail
cd "$(dirname "$0")/../.."
cmake --preset release >/dev/null
cmake --build build/release --target recovery_test records_recovery_test
"$(find build/release -name recovery_test -type f)" --kills "${1:-1000}"
"$(find build/release -name records_recovery_test -type f)" --kills "${1:-1000}"
