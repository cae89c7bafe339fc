#include "index/disk/short_codes.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "index/ivf/trainer.h"

namespace hanok::index {
namespace {

constexpr size_t kCodes = ProductQuantiser::kCodes;
constexpr size_t kSums = kCodes * kCodes;  // of a byte: two groups
constexpr float kMostSum = 65535;

template <typename T>
std::vector<T> copy(std::span<const T> values) {
  return {values.begin(), values.end()};
}

template <typename T>
std::span<const std::byte> bytes_of(const std::vector<T>& values) {
  return std::as_bytes(std::span(values));
}

}  // namespace

size_t ShortCodes::usual_bytes(size_t dim) {
  constexpr size_t kNumbersAByte = 3, kWhole = 16;
  return std::clamp(dim / kNumbersAByte / kWhole * kWhole, kLeastBytes, kMostBytes);
}

ShortCodes ShortCodes::learn(std::span<const float> sample, size_t dim, Metric metric, size_t record_bytes,
                             uint64_t seed, size_t threads) {
  ShortCodes out;
  out.record_bytes_ = record_bytes;
  const size_t groups = std::min(dim, 2 * (record_bytes - kTermBytes));
  const IvfTrainer trainer(sample, dim, metric, {.cells = 1, .codes = {groups}, .seed = seed, .threads = threads});
  out.model_ = std::make_shared<IvfModel>(trainer.model(groups));
  return out;
}

void ShortCodes::encode(const float* v, uint8_t* record, Memory& memory) const {
  const IvfModel& m = *model_;
  memory.projected.resize(m.axis_panels.padded());
  memory.codes.resize(m.codes.padded() + 2 * code_bytes());
  m.project(v, 1, false, memory.projected.data());
  const IvfModel::Encoded coded = m.encode(v, memory.projected.data(), 0, memory.codes.data());
  std::fill(memory.codes.begin() + static_cast<ptrdiff_t>(m.codes.subspaces()), memory.codes.end(), uint8_t{0});
  for (size_t b = 0; b < code_bytes(); ++b)
    record[b] = static_cast<uint8_t>(memory.codes[2 * b] | memory.codes[2 * b + 1] << 4);
  std::memcpy(record + code_bytes(), &coded.term, kTermBytes);
}

void ShortCodes::prepare(const float* q, Query& query, Memory& memory) const {
  const IvfModel& m = *model_;
  const size_t groups = m.codes.subspaces(), bytes = (groups + 1) / 2;
  memory.projected.resize(m.axis_panels.padded());
  m.project(q, 1, true, memory.projected.data());
  // Of each group and code the part of the sum, from the least of the group up: what all codes have in common changes
  // no order.
  memory.dots.assign(2 * bytes * kCodes, 0);
  const float factor = m.metric == Metric::InnerProduct ? -1 : -2;
  const std::vector<float>& books = m.codes.codebooks();
  float widest = 0;
  for (size_t b = 0; b < bytes; ++b) {
    float range = 0;
    for (size_t g = 2 * b; g < std::min(2 * b + 2, groups); ++g) {
      float* dots = &memory.dots[g * kCodes];
      for (size_t j = m.codes.starts()[g]; j < m.codes.starts()[g + 1]; ++j)
        for (size_t c = 0; c < kCodes; ++c) dots[c] += factor * memory.projected[j] * books[j * kCodes + c];
      const auto [least, most] = std::minmax_element(dots, dots + kCodes);
      const float low = *least;
      range += *most - low;
      for (size_t c = 0; c < kCodes; ++c) dots[c] -= low;
    }
    widest = std::max(widest, range);
  }
  query.step = std::max(widest / kMostSum, 1e-30f);
  const float inverse = 1 / query.step;
  query.sums.resize(code_bytes() * kSums);
  std::fill(query.sums.begin(), query.sums.end(), uint16_t{0});
  for (size_t b = 0; b < bytes; ++b) {
    const float *low = &memory.dots[2 * b * kCodes], *high = low + kCodes;
    uint16_t* sums = &query.sums[b * kSums];
    for (size_t h = 0; h < kCodes; ++h)
      for (size_t l = 0; l < kCodes; ++l) {
        const float steps = (low[l] + high[h]) * inverse + 0.5f;
        sums[h * kCodes + l] = static_cast<uint16_t>(steps > 0 ? std::min(steps, kMostSum) : 0);  // NaN gives 0
      }
  }
}

float ShortCodes::estimate(const Query& query, const uint8_t* record) const {
  const size_t bytes = code_bytes();
  const uint16_t* sums = query.sums.data();
  uint32_t even = 0, odd = 0;  // two chains of additions
  size_t b = 0;
  for (; b + 2 <= bytes; b += 2, sums += 2 * kSums) {
    even += sums[record[b]];
    odd += sums[kSums + record[b + 1]];
  }
  if (b < bytes) even += sums[record[b]];
  float term;
  std::memcpy(&term, record + bytes, kTermBytes);
  return term + query.step * static_cast<float>(even + odd);
}

void ShortCodes::save(FileWriter& out) const {
  out.add("mean", bytes_of(model_->mean));
  out.add("axes", bytes_of(model_->axes));
  out.add("centroid", bytes_of(model_->centroids));
  out.add("starts", bytes_of(model_->codes.starts()));
  out.add("codebooks", bytes_of(model_->codes.codebooks()));
}

ShortCodes ShortCodes::load(const FileReader& file, size_t dim, Metric metric, size_t record_bytes) {
  if (record_bytes < kLeastBytes || record_bytes > kMostBytes || record_bytes % 4 != 0)
    file.corrupt("section 'options': codes of " + std::to_string(record_bytes) + " bytes");
  auto model = std::make_shared<IvfModel>();
  model->dim = dim;
  model->metric = metric;
  model->cells = 1;
  model->axes_count = file.section("axes").size() / sizeof(float) / dim;
  if (model->axes_count < 1 || model->axes_count > dim) file.corrupt("section 'axes' is of more axes than dimensions");
  model->mean = copy(file.array<float>("mean", dim));
  model->axes = copy(file.array<float>("axes", model->axes_count * dim));
  model->centroids = copy(file.array<float>("centroid", model->axes_count));
  const auto starts = copy(file.array<uint32_t>("starts", file.section("starts").size() / sizeof(uint32_t)));
  for (size_t s = 0; s + 1 < starts.size(); ++s)
    if (starts[s] >= starts[s + 1]) file.corrupt("section 'starts' does not rise");
  if (starts.size() < 2 || starts.front() != 0 || starts.back() != model->axes_count ||
      starts.size() - 1 > 2 * (record_bytes - kTermBytes))
    file.corrupt("section 'starts' does not cover the axes");
  model->codes.restore(model->axes_count, starts, copy(file.array<float>("codebooks", model->axes_count * kCodes)));
  model->finish();
  ShortCodes out;
  out.record_bytes_ = record_bytes;
  out.model_ = std::move(model);
  return out;
}

size_t ShortCodes::bytes_resident() const {
  if (!model_) return 0;
  return (model_->mean.size() + 2 * model_->axes.size() + model_->codes.codebooks().size()) * sizeof(float);
}

}  // namespace hanok::index
