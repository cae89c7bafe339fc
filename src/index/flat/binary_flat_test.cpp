#include "index/flat/binary_flat.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <functional>
#include <map>
#include <numeric>

#include "base/file.h"
#include "base/random.h"

namespace hanok::index {
namespace {

std::vector<uint8_t> codes(size_t rows, size_t bits, uint64_t seed) {
  base::Random random(seed);
  const size_t width = (bits + 7) / 8;
  std::vector<uint8_t> out(rows * width);
  for (size_t i = 0; i < rows * width; ++i) out[i] = static_cast<uint8_t>(random.below(256));
  if (bits % 8)
    for (size_t i = width - 1; i < out.size(); i += width) out[i] &= static_cast<uint8_t>((1u << (bits % 8)) - 1);
  return out;
}

using Model = std::map<Id, std::vector<uint8_t>>;

std::vector<Match> brute(const Model& model, std::span<const uint8_t> query) {
  std::vector<Match> out;
  for (const auto& [id, code] : model) {
    int bits = 0;
    for (size_t j = 0; j < code.size(); ++j) bits += std::popcount(static_cast<unsigned>(code[j] ^ query[j]));
    out.push_back({id, static_cast<float>(bits)});
  }
  std::stable_sort(out.begin(), out.end(), [](const Match& a, const Match& b) { return a.distance < b.distance; });
  return out;
}

void expect_same(const std::vector<Match>& found, const std::vector<Match>& wanted, size_t k) {
  ASSERT_EQ(found.size(), std::min(k, wanted.size()));
  for (size_t i = 0; i < found.size(); ++i) {
    EXPECT_EQ(found[i].id, wanted[i].id) << i;
    EXPECT_EQ(found[i].distance, wanted[i].distance);
  }
}

TEST(BinaryFlat, EqualsBruteForceThroughAddsRemovesAndAFile) {
  base::TempFolder folder;
  for (const size_t bits : {1, 7, 8, 64, 100, 256, 1000}) {
    const size_t width = (bits + 7) / 8;
    BinaryFlat index(bits);
    Model model;
    const auto put = [&](Id first, size_t n) {
      const auto rows = codes(n, bits, static_cast<uint64_t>(first) + bits);
      std::vector<Id> ids(n);
      std::iota(ids.begin(), ids.end(), first);
      index.add(ids, rows);
      for (size_t i = 0; i < n; ++i) model[ids[i]].assign(&rows[i * width], &rows[i * width] + width);
    };
    put(-50, 200);
    put(1000, 100);
    EXPECT_EQ(index.remove(std::vector<Id>{-50, 7, 7, 1099, 5000}), 3u);
    for (const Id id : {-50, 7, 1099}) model.erase(id);
    put(7, 1);
    index.save(folder.path() / "b.idx");
    const BinaryFlat opened{FileReader(folder.path() / "b.idx")};
    const auto queries = codes(5, bits, 77);
    const auto batch = index.search_batch(queries, 12, {.threads = 2});
    for (size_t q = 0; q < 5; ++q) {
      const auto query = std::span(queries).subspan(q * width, width);
      const auto wanted = brute(model, query);
      expect_same(index.search(query, 12), wanted, 12);
      expect_same(opened.search(query, 1000), wanted, 1000);
      expect_same(batch[q], wanted, 12);
      const auto within = index.range_search(query, bits / 2);
      expect_same(within, wanted, within.size());
      EXPECT_EQ(within.size(), static_cast<size_t>(std::count_if(wanted.begin(), wanted.end(), [&](const Match& m) {
                  return m.distance <= static_cast<float>(bits / 2);
                })));
    }
    EXPECT_EQ(*opened.reconstruct(20), model.at(20));
    EXPECT_EQ(opened.reconstruct(-50), std::nullopt);
    EXPECT_EQ(opened.ids().size(), model.size());
  }
}

TEST(BinaryFlat, Filters) {
  BinaryFlat index(64);
  std::vector<Id> ids(100);
  std::iota(ids.begin(), ids.end(), Id{0});
  index.add(ids, codes(100, 64, 1));
  const auto query = codes(1, 64, 2);
  const IdFilter even = IdFilter::when([](Id id) { return id % 2 == 0; });
  const auto found = index.search(query, 100, {.filter = &even});
  EXPECT_EQ(found.size(), 50u);
  for (const Match& m : found) EXPECT_EQ(m.id % 2, 0);
  const IdFilter list = IdFilter::of({3, 50, 2000});
  EXPECT_EQ(index.search(query, 10, {.filter = &list}).size(), 2u);
  const IdFilter none = IdFilter::none();
  EXPECT_TRUE(index.search(query, 10, {.filter = &none}).empty());
}

Code refused(const std::function<void()>& act) {
  try {
    act();
  } catch (const Error& e) {
    return e.code();
  }
  return Code::Internal;
}

TEST(BinaryFlat, WrongInputChangesNothing) {
  EXPECT_EQ(refused([] { BinaryFlat(0); }), Code::Invalid);
  EXPECT_EQ(refused([] { BinaryFlat((1 << 19) + 1); }), Code::Invalid);
  BinaryFlat index(12);
  EXPECT_TRUE(index.search(std::vector<uint8_t>{1, 1}, 3).empty());
  index.add(std::vector<Id>{1}, std::vector<uint8_t>{0xFF, 0x0F});
  EXPECT_EQ(refused([&] { index.add(std::vector<Id>{1}, std::vector<uint8_t>{0, 0}); }), Code::Exists);
  EXPECT_EQ(refused([&] { index.add(std::vector<Id>{2, 2}, std::vector<uint8_t>{0, 0, 0, 0}); }), Code::Invalid);
  EXPECT_EQ(refused([&] { index.add(std::vector<Id>{2}, std::vector<uint8_t>{0, 0x10}); }), Code::Invalid);
  EXPECT_EQ(refused([&] { index.add(std::vector<Id>{2}, std::vector<uint8_t>{0, 0, 0}); }), Code::Invalid);
  EXPECT_EQ(refused([&] { index.search(std::vector<uint8_t>{0}, 3); }), Code::Invalid);
  EXPECT_EQ(refused([&] { index.range_search(std::vector<uint8_t>{0, 0, 0, 0}, 3); }), Code::Invalid);
  EXPECT_EQ(index.size(), 1u);
}

TEST(BinaryFlat, DamagedFilesAreCorrupt) {
  const auto open = [](const std::string& options, size_t ids, size_t bytes) {
    const std::vector<Id> same(ids, 4);
    const std::vector<uint8_t> zeros(bytes);
    FileWriter writer("binary_flat");
    writer.add_text("options", options);
    writer.add("ids", std::as_bytes(std::span(same)));
    writer.add("codes", std::as_bytes(std::span(zeros)));
    base::TempFolder folder;
    writer.write(folder.path() / "b.idx");
    BinaryFlat{FileReader(folder.path() / "b.idx")};
  };
  EXPECT_NO_THROW(open("{\"bits\": 16}", 1, 2));
  for (const char* options : {"", "{}", "{\"bits\": 0}", "{\"bits\": \"x\"}", "{\"bits\": 99999999999}"})
    EXPECT_EQ(refused([&] { open(options, 1, 2); }), Code::Corrupt) << options;
  EXPECT_EQ(refused([&] { open("{\"bits\": 16}", 1, 3); }), Code::Corrupt);
  EXPECT_EQ(refused([&] { open("{\"bits\": 16}", 2, 4); }), Code::Corrupt);  // an id twice
}

}  // namespace
}  // namespace hanok::index
