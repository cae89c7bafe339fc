#include "index/formats/foreign.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/file.h"
#include "base/random.h"
#include "hanok/error.h"

namespace hanok::index::formats {
namespace {

constexpr size_t kRows = 60, kDim = 8;

// The data of tests/interop/make_fixtures.py.
float value(size_t i, size_t j) { return static_cast<float>(static_cast<int>((i * 7 + j * j * 3 + i * j) % 23) - 11); }

std::filesystem::path fixture(const std::string& name) {
  return std::filesystem::path(HANOK_SOURCE_DIR) / "tests/interop/fixtures" / name;
}

void expect_rows(const ForeignIndex& index, bool with_ids, double tolerance) {
  EXPECT_EQ(index.dim, kDim);
  ASSERT_EQ(index.ids.size(), kRows);
  for (size_t row = 0; row < kRows; ++row) {
    const auto i = static_cast<size_t>(with_ids ? (index.ids[row] - 1000) / 3 : index.ids[row]);
    ASSERT_LT(i, kRows);
    for (size_t j = 0; j < kDim; ++j) EXPECT_NEAR(index.vectors[row * kDim + j], value(i, j), tolerance) << "row " << i;
  }
}

TEST(Faiss, ReadsWhatFaissWrote) {
  struct Case {
    const char *file, *type;
    bool ids;
    double tolerance;
  };
  const Case cases[] = {{"flat_l2", "IndexFlat", false, 0},           {"flat_ip", "IndexFlat", false, 0},
                        {"idmap2_flat", "IndexFlat", true, 0},        {"ivf_flat", "IndexIVFFlat", true, 0},
                        {"ivf_pq", "IndexIVFPQ", true, 12},           {"pq", "IndexPQ", false, 12},
                        {"sq8", "IndexScalarQuantizer", false, 0.1},  {"sq4", "IndexScalarQuantizer", false, 1},
                        {"sq6", "IndexScalarQuantizer", false, 0.3},  {"sqfp16", "IndexScalarQuantizer", false, 0},
                        {"sqbf16", "IndexScalarQuantizer", false, 0}, {"hnsw_flat", "IndexHNSWFlat", false, 0},
                        {"hnsw_sq8", "IndexHNSWSQ", false, 0.1},      {"idmap_hnsw", "IndexHNSWFlat", true, 0},
                        {"pca_flat", "IndexFlat", false, 1e-4},       {"rotated_flat", "IndexFlat", false, 1e-4}};
  for (const Case& c : cases) {
    SCOPED_TRACE(c.file);
    const ForeignIndex index = read_foreign(fixture(std::string(c.file) + ".faiss"));
    EXPECT_EQ(index.type, c.type);
    EXPECT_EQ(index.metric, std::string(c.file) == "flat_ip" ? Metric::InnerProduct : Metric::L2);
    expect_rows(index, c.ids, c.tolerance);
    double error = 0;
    for (size_t row = 0; row < kRows; ++row)
      for (size_t j = 0; j < kDim; ++j)
        error += std::abs(index.vectors[row * kDim + j] -
                          value(static_cast<size_t>(c.ids ? (index.ids[row] - 1000) / 3 : index.ids[row]), j));
    EXPECT_LT(error / (kRows * kDim), 3) << "decoded codes are near their vectors";  // values spread by 6.6
  }
  const ForeignIndex unit = read_foreign(fixture("norm_flat.faiss"));
  EXPECT_TRUE(unit.lossy);
  EXPECT_EQ(unit.ids.size(), kRows);
}

TEST(Faiss, TransformsThatKeepTheOrderAreUndone) {
  const ForeignIndex part = read_foreign(fixture("pca_part.faiss"));  // four of eight directions are left
  EXPECT_TRUE(part.lossy);
  EXPECT_EQ(part.dim, kDim);
}

// "PCAW4,Flat" was read as if its matrix were orthonormal, and "PCA4" as if FAISS compared what was given under inner
// product too: other neighbours, and not a word.
TEST(Faiss, TransformsThatChangeTheOrderAreRefused) {
  for (const char* file : {"pca_white", "pca_ip", "norm_pca"}) {
    try {
      read_foreign(fixture(std::string(file) + ".faiss"));
      ADD_FAILURE() << file;
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), Code::Unsupported) << file;
      EXPECT_NE(std::string(e.what()).find("transform"), std::string::npos) << e.what();
    }
  }
}

TEST(Hnswlib, ReadsWhatHnswlibWrote) {
  const ForeignIndex index = read_foreign(fixture("hnswlib.bin"));
  EXPECT_EQ(index.type, "hnswlib");
  expect_rows(index, true, 0);
  EXPECT_EQ(index.links.m, 4u);
  EXPECT_EQ(index.links.nodes.size(), kRows);
  const ForeignIndex deleted = read_foreign(fixture("hnswlib_deleted.bin"));
  EXPECT_EQ(deleted.ids.size(), kRows - 1);
  EXPECT_EQ(std::count(deleted.ids.begin(), deleted.ids.end(), 1015), 0);
}

ForeignIndex sample(const char* type, size_t n) {
  ForeignIndex out;
  out.type = type;
  out.dim = 5;
  base::Random random(n);
  for (size_t i = 0; i < n; ++i) {
    out.ids.push_back(static_cast<Id>(i * 2 + 7));
    out.cell.push_back(static_cast<uint32_t>(i % 3));
    for (size_t j = 0; j < 5; ++j) out.vectors.push_back(static_cast<float>(random.normal()));
  }
  out.centroids.assign(15, 0.5f);
  out.links = link_layers(out.vectors, 5, Metric::L2, 4, 40, 1);
  return out;
}

TEST(Foreign, WhatIsWrittenIsReadBack) {
  for (const size_t n : {0, 1, 2, 50, 300}) {
    for (const char* type : {"IndexFlat", "IndexIVFFlat", "IndexHNSWFlat"}) {
      const ForeignIndex index = sample(type, n), back = parse_faiss(make_faiss(index), "x");
      EXPECT_EQ(back.type, type);
      auto order = back.ids;
      std::sort(order.begin(), order.end());
      EXPECT_EQ(order, index.ids);
      for (size_t row = 0; row < n; ++row) {
        const auto i = static_cast<size_t>((back.ids[row] - 7) / 2);
        for (size_t j = 0; j < 5; ++j) EXPECT_EQ(back.vectors[row * 5 + j], index.vectors[i * 5 + j]);
      }
      if (std::string(type) == "IndexHNSWFlat") {
        EXPECT_EQ(back.links.nodes, index.links.nodes);
        EXPECT_EQ(back.links.m, 4u);
      }
    }
    const ForeignIndex index = sample("hnswlib", n), back = parse_hnswlib(make_hnswlib(index), "x", Metric::L2);
    EXPECT_EQ(back.ids, index.ids);
    EXPECT_EQ(back.vectors, index.vectors);
    EXPECT_EQ(back.links.nodes, index.links.nodes);
  }
}

TEST(Foreign, DamageAnywhereIsAnErrorNotACrash) {
  for (const char* file : {"ivf_pq.faiss", "hnsw_flat.faiss", "pca_flat.faiss", "hnswlib.bin", "sq6.faiss"}) {
    const std::string good = base::read_file(fixture(file));
    base::Random random(1);
    for (int round = 0; round < 400; ++round) {
      std::string bad = good.substr(0, round % 4 == 0 ? random.below(good.size()) : good.size());
      for (uint64_t flips = 1 + random.below(4); flips > 0 && !bad.empty(); --flips)
        bad[random.below(bad.size())] = static_cast<char>(random.next());
      try {
        looks_like_faiss(bad) ? parse_faiss(bad, "x") : parse_hnswlib(bad, "x", Metric::L2);
      } catch (const Error& e) {
        EXPECT_TRUE(e.code() == Code::Corrupt || e.code() == Code::Unsupported);
      }
    }
  }
}

}  // namespace
}  // namespace hanok::index::formats
