#include "math/kernels.h"

#include <gtest/gtest.h>

#include <iterator>

#include "math/convert_kernels.h"
#include "math/distance_kernels.h"
#include "math/fast_scan_kernels.h"
#include "math/gemm_kernel.h"
#include "math/panel_kernels.h"
#include "math/product_kernels.h"
#include "math/row_kernels.h"
#include "math/scan_kernels.h"
#include "math/tile_kernels.h"

namespace hanok::math {
namespace {

TEST(Cpu, AFeatureBringsWhatItNeeds) {
  EXPECT_TRUE(needs(Feature::Bf16).include(needs(Feature::Vnni)));
  EXPECT_TRUE(needs(Feature::Vnni).include(needs(Feature::Avx512)));
  EXPECT_FALSE(needs(Feature::Vnni).has(Feature::AvxVnni)) << "not a ladder";
  EXPECT_FALSE(needs(Feature::AvxVnni).has(Feature::Avx512)) << "not a ladder";
  EXPECT_EQ(features_name({}), "scalar");
  EXPECT_EQ(features_name(needs(Feature::Vnni)), "avx2+avx512+vnni");
}

TEST(Cpu, WhatIsTestedRunsHere) {
  const auto all = testable_features();
  ASSERT_GE(all.size(), 1u);
  EXPECT_EQ(all.front(), Features());
  EXPECT_EQ(all.back(), detected_features());
  for (const Features f : all) EXPECT_TRUE(detected_features().include(f)) << features_name(f);
  EXPECT_TRUE(detected_features().include(features()));
}

TEST(Cpu, SaysWhyTilesAreNotUsed) {
  EXPECT_EQ(tile_problem({}), "") << "no AMX is no problem";
  EXPECT_EQ(tile_problem({true, true, true}), "");
  EXPECT_NE(tile_problem({true, false, false}).find("does not let"), std::string::npos);
  EXPECT_NE(tile_problem({true, true, false}).find("wrong"), std::string::npos);
  EXPECT_EQ(detected_features().has(Feature::Amx), tile_state().right);
}

// No pointer of a table is missing, whatever the CPU.
template <typename Table>
void expect_full() {
  for (const Features f : testable_features()) {
    const Table table = kernels<Table>(f);
    void* pointers[sizeof(Table) / sizeof(void*)];
    static_assert(sizeof pointers == sizeof(Table));
    __builtin_memcpy(pointers, &table, sizeof table);
    for (size_t i = 0; i < std::size(pointers); ++i) EXPECT_NE(pointers[i], nullptr) << features_name(f) << " " << i;
  }
}

TEST(Kernels, EveryTableIsFullOnEveryCpu) {
  expect_full<ConvertKernels>();
  expect_full<DistanceKernels>();
  expect_full<RowKernels>();
  expect_full<PanelKernels>();
  expect_full<ProductKernels>();
  expect_full<TileKernels>();
  expect_full<ExactKernels>();
  expect_full<FastScanKernels>();
  expect_full<GemmKernel>();
  expect_full<ScanKernels>();
}

}  // namespace
}  // namespace hanok::math
