#include "math/kernels.h"

#include "math/attention_kernels.h"
#include "math/byte_gemm_kernels.h"
#include "math/convert_kernels.h"
#include "math/distance_kernels.h"
#include "math/fast_scan_kernels.h"
#include "math/gemm_kernel.h"
#include "math/i8mm_kernels.h"
#include "math/layer_kernels.h"
#include "math/panel_kernels.h"
#include "math/product_kernels.h"
#include "math/row_kernels.h"
#include "math/scan_kernels.h"
#include "math/tile_kernels.h"

namespace hanok::math {
namespace {

template <typename Table>
struct Version {
  Features needs;
  void (*fill)(Table&);  // sets what this version does better than those before it, and leaves the rest
};

// One list a table, from the plain version up: a later one whose needs are met wins.
template <typename Table>
constexpr Version<Table> kVersions[] = {};

constexpr Features kAny{};
#if defined(__x86_64__)
constexpr Features kAvx2 = needs(Feature::Avx2), kAvx512 = needs(Feature::Avx512), kVnni = needs(Feature::Vnni),
                   kBf16 = needs(Feature::Bf16), kAvxVnni = needs(Feature::AvxVnni), kAmx = needs(Feature::Amx);
#elif defined(__aarch64__)
constexpr Features kNeon = needs(Feature::Neon), kI8mm = needs(Feature::I8mm);
#endif

template <>
constexpr Version<ConvertKernels> kVersions<ConvertKernels>[] = {
    {kAny, fill_convert_scalar},
#if defined(__x86_64__)
    {kAvx2, fill_convert_avx2},
    {kAvx512, fill_convert_avx512},
#elif defined(__aarch64__)
    {kNeon, fill_convert_neon},
#endif
};

template <>
constexpr Version<DistanceKernels> kVersions<DistanceKernels>[] = {
    {kAny, fill_distance_scalar},
#if defined(__x86_64__)
    {kAvx2, fill_distance_avx2},  {kAvx2, fill_codes_avx2}, {kAvx512, fill_distance_avx512},
    {kVnni, fill_distance_vnni},  {kVnni, fill_codes_vnni},
#elif defined(__aarch64__)
    {kNeon, fill_distance_neon},
#endif
};

template <>
constexpr Version<RowKernels> kVersions<RowKernels>[] = {
    {kAny, fill_rows_scalar},
#if defined(__x86_64__)
    {kAvx2, fill_rows_avx2},
    {kAvx512, fill_rows_avx512},
#endif
};

template <>
constexpr Version<GemmKernel> kVersions<GemmKernel>[] = {
    {kAny, fill_gemm_scalar},
#if defined(__x86_64__)
    {kAvx2, fill_gemm_avx2},
    {kAvx512, fill_gemm_avx512},
#endif
};

template <>
constexpr Version<ByteGemmKernels> kVersions<ByteGemmKernels>[] = {
    {kAny, fill_byte_gemm_scalar}, {kEmulatedTiles, fill_byte_gemm_emulated},
#if defined(__x86_64__)
    {kAvx2, fill_byte_gemm_avx2},  {kAvxVnni, fill_byte_gemm_avxvnni},
    {kVnni, fill_byte_gemm_vnni},  {kAmx, fill_byte_gemm_amx},
#elif defined(__aarch64__)
    {kI8mm, fill_byte_gemm_i8mm},
#endif
};

template <>
constexpr Version<AttentionKernels> kVersions<AttentionKernels>[] = {
    {kAny, fill_attention_scalar},
#if defined(__x86_64__)
    {kBf16, fill_attention_bf16},
#endif
};

template <>
constexpr Version<ProductKernels> kVersions<ProductKernels>[] = {
    {kAny, fill_products_scalar},
#if defined(__x86_64__)
    {kAvx2, fill_products_avx2},  {kAvxVnni, fill_products_avxvnni},
    {kVnni, fill_products_vnni},  {kBf16, fill_products_bf16},
#elif defined(__aarch64__)
    {kI8mm, fill_products_i8mm},
#endif
};

template <>
constexpr Version<TileKernels> kVersions<TileKernels>[] = {
    {kAny, fill_tile_products_emulated},
#if defined(__x86_64__)
    {kAmx, fill_tile_products_amx},
#endif
};

template <>
constexpr Version<PanelKernels> kVersions<PanelKernels>[] = {
    {kAny, fill_panel_scalar},
#if defined(__x86_64__)
    {kAvx2, fill_panel_avx2},
    {kAvx512, fill_panel_avx512},
#elif defined(__aarch64__)
    {kNeon, fill_panel_neon},
#endif
};

template <>
constexpr Version<ScanKernels> kVersions<ScanKernels>[] = {
    {kAny, fill_scan_scalar},
#if defined(__x86_64__)
    {kAvx2, fill_scan_avx2},
    {kVnni, fill_scan_vnni},
#elif defined(__aarch64__)
    {kNeon, fill_scan_neon},
#endif
};

template <>
constexpr Version<ExactKernels> kVersions<ExactKernels>[] = {
    {kAny, fill_exact_scalar},
#if defined(__x86_64__)
    {kAvx2, fill_exact_avx2},
#endif
};

template <>
constexpr Version<LayerKernels> kVersions<LayerKernels>[] = {
    {kAny, fill_layers_scalar},
#if defined(__x86_64__)
    {kAvx2, fill_layers_avx2},
    {kAvx512, fill_layers_avx512},
#endif
};

template <>
constexpr Version<FastScanKernels> kVersions<FastScanKernels>[] = {
    {kAny, fill_fast_scan_scalar},
#if defined(__x86_64__)
    {kAvx2, fill_fast_scan_avx2},
    {kAvx512, fill_fast_scan_avx512},
#elif defined(__aarch64__)
    {kNeon, fill_fast_scan_neon},
#endif
};

}  // namespace

template <typename Table>
Table kernels(Features features) {
  Table table{};
  for (const auto& version : kVersions<Table>)
    if (features.include(version.needs)) version.fill(table);
  return table;
}

template <typename Table>
const Table& kernels() {
  static const Table table = kernels<Table>(features());
  return table;
}

#define HANOK_KNOWN_TABLE(Table)          \
  template const Table& kernels<Table>(); \
  template Table kernels<Table>(Features);
HANOK_KNOWN_TABLE(ConvertKernels)
HANOK_KNOWN_TABLE(DistanceKernels)
HANOK_KNOWN_TABLE(RowKernels)
HANOK_KNOWN_TABLE(GemmKernel)
HANOK_KNOWN_TABLE(ByteGemmKernels)
HANOK_KNOWN_TABLE(AttentionKernels)
HANOK_KNOWN_TABLE(ProductKernels)
HANOK_KNOWN_TABLE(TileKernels)
HANOK_KNOWN_TABLE(PanelKernels)
HANOK_KNOWN_TABLE(ScanKernels)
HANOK_KNOWN_TABLE(ExactKernels)
HANOK_KNOWN_TABLE(FastScanKernels)
HANOK_KNOWN_TABLE(LayerKernels)
#undef HANOK_KNOWN_TABLE

}  // namespace hanok::math
