#!/usr/bin/env bash
# The recovery test of tests/recovery with a thousand kills (five minutes or so):  bench/store/kills.sh [KILLS]
set -euo pipefail
cd "$(dirname "$0")/../.."
cmake --preset release >/dev/null
cmake --build build/release --target recovery_test
exec "$(find build/release -name recovery_test -type f)" --kills "${1:-1000}"
