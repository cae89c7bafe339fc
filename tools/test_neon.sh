#!/usr/bin/env bash
# The kernels for 64-bit ARM against their scalar versions, on an x86-64 machine:
#
#   tools/test_neon.sh        needs g++-aarch64-linux-gnu, qemu-user-static and the sources of GoogleTest (libgtest-dev)
#
# Rooms base, math and index are cross-compiled with the header-only forms of spdlog and fmt, and the tests that run every
# version of the kernels run under qemu.
set -euo pipefail
cd "$(dirname "$0")/.."
for tool in aarch64-linux-gnu-g++ qemu-aarch64-static; do
  command -v $tool >/dev/null || { echo "needs $tool: apt-get install g++-aarch64-linux-gnu qemu-user-static" >&2; exit 2; }
done
out=build/neon gtest=/usr/src/googletest/googletest
rm -rf $out && mkdir -p $out/include
for library in spdlog fmt nlohmann; do ln -sfn /usr/include/$library $out/include/$library; done
flags="-std=c++20 -O2 -DFMT_HEADER_ONLY -DHANOK_SOURCE_DIR=\"$PWD\" -Iinclude -Isrc -I$out/include -I$gtest/include -I$gtest"
sources="$(find src/base src/math src/index -name '*.cpp' ! -name '*_test.cpp' ! -name '*_fuzz.cpp' ! -name '*_bench.cpp' |
  grep -vE '_(avx2|avxvnni|avx512|vnni|bf16|amx)\.cpp$')
$(ls src/math/*_test.cpp) src/index/panel_test.cpp src/index/flat/scan_test.cpp
src/index/flat/flat_test.cpp src/index/ivf/ivf_test.cpp
$gtest/src/gtest-all.cc $gtest/src/gtest_main.cc"
compile() {
  local cpu=
  case $1 in *_i8mm.cpp) cpu="-march=armv8.2-a+i8mm+dotprod" ;; esac
  ${CCACHE-} aarch64-linux-gnu-g++ $flags $cpu -c "$1" -o "$out/$(echo "$1" | tr / _).o"
}
export -f compile
export out flags CCACHE=$(command -v ccache || true)
echo "$sources" | tr ' ' '\n' | xargs -P "$(nproc)" -I{} bash -euc 'compile {}'
aarch64-linux-gnu-g++ -o $out/kernels_test $out/*.o -lpthread
qemu-aarch64-static -L /usr/aarch64-linux-gnu $out/kernels_test \
  --gtest_filter='*Distance*:*Codes*:*Convert*:Kernels*:*Products*:*PackedWeights*:EmulatedTiles*:*Gemm*:*Rows*:FastScan*:Panel*:Scan.*:Flat.EveryVersion*:Flat.Answers*:Flat.Hard*'
