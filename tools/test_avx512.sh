#!/usr/bin/env bash
# The AVX-512 and VNNI kernels against their scalar versions, on an x86-64 machine with AVX2 alone:
#
#   tools/test_avx512.sh      needs libsimde-dev and the sources of GoogleTest (libgtest-dev)
#
# Rooms base, math and index are compiled with all of AVX-512 and VNNI said to be there, and the 512-bit intrinsics emulated
# (tools/avx512/immintrin.h). In the kernels address and undefined-behaviour sanitizers look on: what a mask leaves out must
# not be read. Says nothing about speed.
set -euo pipefail
cd "$(dirname "$0")/.."
[ -e /usr/include/simde/x86/avx512.h ] || { echo "needs SIMDe: apt-get install libsimde-dev libgtest-dev" >&2; exit 2; }
grep -q avx2 /proc/cpuinfo || { echo "needs a CPU with AVX2" >&2; exit 2; }
out=build/avx512 gtest=/usr/src/googletest/googletest
rm -rf $out && mkdir -p $out/math
# A CPU that has everything up to VNNI, beyond which there are no kernels.
sed 's/^Features detect() {$/&\n  return needs(Feature::Vnni);/' src/math/cpu.cpp > $out/math/cpu.cpp
grep -q 'return needs(Feature::Vnni);$' $out/math/cpu.cpp || { echo "src/math/cpu.cpp: no 'Features detect() {' to replace" >&2; exit 2; }
sanitize="-fsanitize=address,undefined -fno-sanitize-recover=all"
flags="-std=c++20 -O1 -DFMT_HEADER_ONLY -DHANOK_SOURCE_DIR=\"$PWD\" -Iinclude -Isrc -I$gtest/include -I$gtest"
sources="$(find src/base src/math src/index -name '*.cpp' ! -name '*_test.cpp' ! -name '*_fuzz.cpp' ! -name '*_bench.cpp' \
  ! -name '*_neon.cpp' ! -path src/math/cpu.cpp)
$out/math/cpu.cpp $(ls src/math/*_test.cpp) src/index/panel_test.cpp src/index/flat/scan_test.cpp
src/index/flat/flat_test.cpp src/index/ivf/ivf_test.cpp src/index/graph/hnsw_test.cpp
$gtest/src/gtest-all.cc $gtest/src/gtest_main.cc"
compile() {
  local cpu=
  case $1 in
    *_avx2.cpp) cpu="-mavx2 -mfma -mf16c" ;;
    # Never called here: the CPU is said to have none of these.
    *_avxvnni.cpp) cpu="-mavx2 -mfma -mf16c -mavxvnni" ;;
    *_amx.cpp)
      cpu="-mavx512f -mavx512bw -mavx512dq -mavx512vl -mavx512bf16 -mavx2 -mfma -mf16c -mamx-tile -mamx-int8 -mamx-bf16" ;;
    *_bf16.cpp) cpu="-mavx512f -mavx512bw -mavx512dq -mavx512vl -mavx512bf16" ;;
    *_avx512.cpp | *_vnni.cpp) cpu="-mavx2 -mfma -mf16c -Itools/avx512 -w -Wno-psabi -fwrapv -g1 $sanitize" ;;
  esac
  ${CCACHE-} g++ $flags $cpu -c "$1" -o "$out/$(echo "$1" | tr / _).o"
}
export -f compile
export out flags sanitize CCACHE=$(command -v ccache || true)
echo "$sources" | tr ' ' '\n' | xargs -P "$(nproc)" -I{} bash -euc 'compile {}'
g++ $sanitize -o $out/kernels_test $out/*.o -lpthread
filter='*Distance*:*Codes*:*Convert*:Kernels*:*Products*:*PackedWeights*:EmulatedTiles*:*Gemm*:*Rows*:FastScan*:Panel*:Scan.*:Flat.*:Ivf.*:Hnsw.Equal*:Hnsw.Grows*:Hnsw.Range*'
for cpu in vnni avx512; do  # tables filled once, from the features in use
  echo "HANOK_CPU=$cpu"
  HANOK_CPU=$cpu $out/kernels_test --gtest_filter="$filter"
done
