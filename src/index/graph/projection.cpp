#include "index/graph/projection.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>

#include "base/random.h"
#include "base/threads.h"
#include "base/top_k.h"
#include "index/base_index.h"
#include "index/flat/row_store.h"
#include "index/pca.h"
#include "math/distance.h"

namespace hanok::index {
namespace {

constexpr int kCentre = 64;            // code of the mean
constexpr float kSigmas = 8.5f / 128;  // a step, in standard deviations: +-4.25 sigma fit, 2 in 100,000 codes are held
constexpr float kRowMax = 63;          // of the matrix: a pair of products with bytes stays in 16 bits
constexpr float kInputSigmas = 6;      // input bytes reach this far at most, so that one wild value costs little
constexpr int32_t kMaxBias = 1 << 29;  // far above any sum of codes, far below overflow
constexpr float kLongSigmas = 3;       // inner product: a step such that the longest vectors' codes fit so far

// Steps of a damaged file may be any number: within what an int holds, NaN as 0.
float sound(float steps) {
  constexpr float kMost = 1 << 20;
  return std::isnan(steps) ? 0 : std::clamp(steps, -kMost, kMost);
}

size_t round_up(size_t n, size_t to) { return (n + to - 1) / to * to; }

std::vector<float> mean_of(std::span<const float> rows, size_t d) {
  std::vector<double> sum(d);
  const size_t n = rows.size() / d;
  for (size_t i = 0; i < n; ++i)
    for (size_t j = 0; j < d; ++j) sum[j] += rows[i * d + j];
  std::vector<float> out(d);
  for (size_t j = 0; j < d; ++j) out[j] = static_cast<float>(sum[j] / static_cast<double>(n));
  return out;
}

// How well do the first m directions rank? The share of the true ten nearest among the twenty that look nearest, for
// some vectors of the set among (nearly) all of it: |x|^2 - 2 <Pq, Px> is what distance and bias add up to, but for
// |q|^2. Only those that are truly near can look near, so only the kKept nearest of each query are projected.
class Judge {
 public:
  struct Among {
    size_t rows;
    std::function<void(size_t i, float* out)> centred;  // row i, lifted, mean taken away
  };
  Judge(std::span<const float> queries, const Among& among, std::span<const float> basis, size_t d, size_t threads)
      : m_(basis.size() / d) {
    const auto kept = nearest_rows(queries, among, d, threads);
    constexpr double kApart = 2;  // no set without clusters is so much steeper among the 25 nearest
    const auto limited = [&](double dimension) { return std::min(dimension, static_cast<double>(d)); };
    dimension_ = limited(local_dimension(kept, kKept));  // of equally far ones: any number
    const double inside = limited(local_dimension(kept, kInside));
    cluster_dimension_ = inside > kApart * dimension_ ? inside : 0;
    std::vector<float> near;
    for (const auto& rows : kept) {
      begins_.push_back(near.size() / d);
      for (const auto& [distance, row] : rows) {
        near.resize(near.size() + d);
        float* x = &near[near.size() - d];
        among.centred(row, x);
        norms_.push_back(math::distance().ip_f32(x, x, d));
      }
    }
    begins_.push_back(near.size() / d);
    if (!near.empty()) scores_ = products(near, basis, d, threads);
    query_scores_ = products(queries, basis, d, threads);
  }

  double share(size_t directions) const { return share(directions, kLooked, 0); }

  /// Of the true ten those among the ten that look nearest, if both codes are rounded to steps of `unit`; 0: not
  /// rounded.
  double share_rounded(size_t directions, float unit) const { return share(directions, kTrue, unit); }

  /// How far the tenth nearest of a usual query lies from it in one of the directions.
  float tenth_apart(size_t directions) const {
    std::vector<float> squares;
    for (size_t q = 0; q + 1 < begins_.size(); ++q)
      if (begins_[q + 1] - begins_[q] >= kTrue) squares.push_back(apart(q, begins_[q] + kTrue - 1, directions));
    if (squares.empty()) return 0;
    const auto middle = squares.begin() + static_cast<ptrdiff_t>(squares.size() / 2);
    std::nth_element(squares.begin(), middle, squares.end());
    return std::sqrt(*middle / static_cast<float>(directions));
  }

  double dimension() const { return dimension_; }
  double cluster_dimension() const { return cluster_dimension_; }

 private:
  static constexpr size_t kTrue = 10, kLooked = 20, kInside = 25, kKept = 100;

  float apart(size_t q, size_t i, size_t directions) const {
    return math::distance().l2_f32(&query_scores_[q * m_], &scores_[i * m_], directions);
  }

  // Rounding two codes to steps adds an error of unit^2 / 6 to each direction's difference, and so 2 |difference| of it
  // to the squared distance.
  double share(size_t directions, size_t looked, float unit) const {
    base::Random random(1);
    size_t found = 0, all = 0;
    for (size_t q = 0; q + 1 < begins_.size(); ++q) {
      std::vector<std::pair<float, size_t>> far;  // true rank second
      for (size_t i = begins_[q]; i < begins_[q + 1]; ++i) {
        const float seems =
            norms_[i] - 2 * math::distance().ip_f32(&query_scores_[q * m_], &scores_[i * m_], directions);
        const float error = unit > 0 ? 2 * std::sqrt(apart(q, i, directions) / 6) * unit : 0;
        far.emplace_back(error > 0 ? seems + error * static_cast<float>(random.normal()) : seems, i - begins_[q]);
      }
      std::sort(far.begin(), far.end());
      all += std::min(kTrue, far.size());
      for (size_t i = 0; i < std::min(looked, far.size()); ++i) found += far[i].second < kTrue;
    }
    return all ? static_cast<double>(found) / static_cast<double>(all) : 1;
  }
  using Near = std::pair<float, size_t>;  // distance and row
  using Kept = std::vector<Near>;

  // Of each query its kKept nearest, nearest first; itself, and what equals it, left out.
  static std::vector<Kept> nearest_rows(std::span<const float> queries, const Among& among, size_t d, size_t threads) {
    constexpr size_t kBlock = 512;
    const size_t n = queries.size() / d;
    std::vector<base::TopK<Near>> nearest(n, base::TopK<Near>(kKept));
    std::vector<float> block(std::min(kBlock, among.rows) * d);
    for (size_t at = 0; at < among.rows; at += kBlock) {
      base::check_interrupt();
      const size_t rows = std::min(kBlock, among.rows - at);
      for (size_t i = 0; i < rows; ++i) among.centred(at + i, &block[i * d]);
      base::parallel_for(
          n, 8,
          [&](size_t begin, size_t end, size_t) {
            for (size_t q = begin; q < end; ++q)
              for (size_t i = 0; i < rows; ++i)
                if (const float far = math::distance().l2_f32(&queries[q * d], &block[i * d], d); far > 0)
                  nearest[q].offer({far, at + i});
          },
          threads);
    }
    std::vector<Kept> out;
    for (auto& near : nearest) out.push_back(near.take());
    return out;
  }
  // Levina, Bickel 2004: the mean of log(r_k / r_i) over the k nearest is about 1 / dimension. Distances are squares.
  static double local_dimension(const std::vector<Kept>& kept, size_t k) {
    double logs = 0;
    size_t n = 0;
    for (const Kept& all : kept) {
      const auto near = std::span(all).first(std::min(k, all.size()));
      for (const auto& [distance, row] : near)
        if (distance < near.back().first) {
          logs += std::log(static_cast<double>(near.back().first) / distance) / 2;
          ++n;
        }
    }
    return n ? static_cast<double>(n) / logs : 0;
  }

  size_t m_;
  double dimension_ = 0, cluster_dimension_ = 0;
  std::vector<size_t> begins_;  // of each query's rows in norms_ and scores_
  std::vector<float> norms_, scores_, query_scores_;
};

size_t directions_of(size_t lines, size_t width) {
  return std::min(lines * Projection::kLine - Projection::kBiasBytes, width);
}

/// Lengths of all vectors that will be encoded, squared; of the sample where the plan gives no others. Results of inner
/// products are the longest vectors, however few they are, so their codes must fit. A vector more than kMostSpread
/// times as long as all but a hundredth is a mistake rather than a result: it may not cost the others their precision.
struct Lengths {
  float longest = 0, longest_centred = 0;
  double spread = 1;  // all but a hundredth are at most so many times as long as half of them
};

Lengths measure_lengths(size_t rows, const std::function<void(size_t i, float* out)>& row,
                        std::span<const float> mean) {
  constexpr size_t kFew = 100, kLook = 256;
  constexpr float kMostSpread = 16;
  const size_t d = mean.size();
  const auto& kernel = math::distance();
  std::vector<float> whole(rows), centred(rows), v(d);
  for (size_t i = 0; i < rows; ++i) {
    if (i % kLook == 0) base::check_interrupt();
    row(i, v.data());
    whole[i] = kernel.ip_f32(v.data(), v.data(), d);
    centred[i] = kernel.l2_f32(v.data(), mean.data(), d);
  }
  const auto longest = [&](std::vector<float>& squares) {
    const auto most = std::max_element(squares.begin(), squares.end());
    const float all = *most;
    const auto usual = squares.end() - 1 - static_cast<ptrdiff_t>(rows / kFew);
    std::nth_element(squares.begin(), usual, squares.end());
    return *usual > 0 ? std::min(all, *usual * kMostSpread * kMostSpread) : all;
  };
  Lengths out{longest(whole), longest(centred)};
  if (rows < kFew) return out;
  const auto middle = whole.begin() + static_cast<ptrdiff_t>(rows / 2),
             most = whole.end() - 1 - static_cast<ptrdiff_t>(rows / kFew);
  std::nth_element(whole.begin(), most, whole.end());
  std::nth_element(whole.begin(), middle, most);
  if (*middle > 0) out.spread = std::sqrt(static_cast<double>(*most / *middle));
  return out;
}

}  // namespace

Projection Projection::train(std::span<const float> sample, const Plan& plan) {
  constexpr size_t kMostAuto = 6;    // lines: beyond, reading the code costs as much as it saves
  constexpr double kEnough = 0.985;  // share of Judge at which more directions stop paying
  constexpr size_t kJudged = 64;     // queries of Judge: 640 neighbours tell shares apart by about 1 %
  // Vectors it ranks among; beyond, the next fourfold changes shares by less than that. Of wide ones fewer: every
  // number of them is read.
  constexpr size_t kMostAmong = 65536, kMostRead = size_t{1} << 27;
  const size_t most_among = std::min(kMostAmong, kMostRead / plan.dim);
  // Finer steps where seven bits, sized for the whole set, cannot order what lies close together (tight clusters).
  // Codes are then on a circle of 256 steps, which near ones do not notice as long as they lie kMostApart steps apart
  // at most; far ones look nearer than they are, so there must be enough directions for that to happen in a few of them
  // only. Questions lie off the set: with steps eight times finer those of tight clusters found .95 at any width.
  constexpr size_t kLeastOnCircle = 32;
  constexpr float kMostApart = 16, kMostFiner = 4;
  constexpr double kLostByRounding = 0.03;
  Projection out;
  out.dim_ = plan.dim;
  out.metric_ = plan.metric;
  out.width_ = plan.dim;
  out.stride_ = round_up(out.width_, 32);
  const size_t n = sample.size() / plan.dim, d = out.width_;
  std::vector<float> rows(n * d);
  EncodeMemory memory;
  for (size_t i = 0; i < n; ++i)
    std::memcpy(&rows[i * d], out.lift(sample.data() + i * plan.dim, false, memory), d * sizeof(float));
  const bool bytes = all_bytes(rows);
  out.mean_ = mean_of(rows, d);
  for (size_t i = 0; i < n; ++i)
    for (size_t j = 0; j < d; ++j) rows[i * d + j] -= out.mean_[j];
  float longest_centred = 0, stretch = 1;  // the longest beside the longest of the sample, and beside a usual one
  float spread = 1;
  if (plan.metric == Metric::InnerProduct) {
    const auto from_sample = [&](size_t i, float* v) { std::memcpy(v, &sample[i * d], d * sizeof(float)); };
    const Lengths lengths =
        plan.row ? measure_lengths(plan.rows, plan.row, out.mean_) : measure_lengths(n, from_sample, out.mean_);
    out.longest_ = lengths.longest;
    out.length_spread_ = lengths.spread;
    float in_sample = 0;
    double squares = 0;
    for (size_t i = 0; i < n; ++i) {
      const float square = math::distance().ip_f32(&rows[i * d], &rows[i * d], d);
      in_sample = std::max(in_sample, square);
      squares += square;
    }
    longest_centred = std::sqrt(lengths.longest_centred);
    if (in_sample > 0) {
      stretch = std::max(1.f, longest_centred / std::sqrt(in_sample));
      spread = longest_centred / static_cast<float>(std::sqrt(squares / static_cast<double>(n)));
    }
  }

  // Input bytes.
  out.low_.assign(d, 0);
  out.scale_.assign(d, 1);
  if (!bytes) {
    for (size_t j = 0; j < d; ++j) {
      float most = 0;
      double square = 0;
      for (size_t i = 0; i < n; ++i) {
        most = std::max(most, std::abs(rows[i * d + j]));
        square += static_cast<double>(rows[i * d + j]) * rows[i * d + j];
      }
      const float sigma = static_cast<float>(std::sqrt(square / static_cast<double>(n)));
      const float reach = std::min(most * 1.1f * stretch, sigma * std::max(kInputSigmas, spread * kLongSigmas));
      out.low_[j] = out.mean_[j] - reach;
      out.scale_[j] = reach > 0 ? 127.5f / reach : 0;
      if (!std::isfinite(out.scale_[j])) out.scale_[j] = 0;
    }
  }

  // Directions.
  const size_t most_lines = plan.lines ? plan.lines : std::min<size_t>(kMostAuto, (d + kBiasBytes + kLine - 1) / kLine);
  const size_t rank = std::max<size_t>(1, n);  // a sample says nothing about more directions than it has rows
  size_t m = d <= n ? directions_of(most_lines, d) : std::min(directions_of(most_lines, d), rank);
  std::vector<float> basis;
  if (m < d) basis = principal_directions(rows, d, m, plan.seed, plan.threads);
  out.lines_ = most_lines;
  if (basis.empty()) basis = principal_directions(rows, d, m, plan.seed, plan.threads);
  const size_t judged = std::min(n, kJudged), stride = plan.row ? (plan.rows + most_among - 1) / most_among : 1;
  Judge::Among among{plan.row ? plan.rows / std::max<size_t>(stride, 1) : n, {}};
  if (plan.row)
    among.centred = [&, given = std::vector<float>(plan.dim)](size_t i, float* x) mutable {
      plan.row(i * stride, given.data());
      const float* lifted = out.lift(given.data(), false, memory);
      for (size_t j = 0; j < d; ++j) x[j] = lifted[j] - out.mean_[j];
    };
  else
    among.centred = [&](size_t i, float* x) { std::memcpy(x, &rows[i * d], d * sizeof(float)); };
  const auto queries = std::span<const float>(rows).last(judged * d);
  const Judge judge(queries, among, basis, d, plan.threads);
  out.local_dimension_ = judge.dimension();
  out.cluster_dimension_ = judge.cluster_dimension();
  for (size_t lines = 1; plan.lines == 0 && lines < most_lines; ++lines)
    if (judge.share(std::min(m, directions_of(lines, d))) >= kEnough) {
      out.lines_ = lines;
      break;
    }
  m = std::min(m, directions_of(out.lines_, d));
  basis.resize(m * d);
  out.directions_ = m;

  // Each direction of the matrix: a random mixture of the basis.
  const auto rotation = random_rotation(m, plan.seed + 1);
  std::vector<float> mixed(m * d);
  if (basis.empty()) {
    mixed = rotation;
  } else {
    std::vector<float> columns(d * m);
    for (size_t i = 0; i < m; ++i)
      for (size_t j = 0; j < d; ++j) columns[j * m + i] = basis[i * d + j];
    mixed = products(rotation, columns, m, plan.threads);
  }
  // Steps: one unit for all, from the spread of the sample.
  const auto scores = products(rows, mixed, d, plan.threads);
  double square = 0;
  for (const float s : scores) square += static_cast<double>(s) * s;
  const double sigma = std::sqrt(square / static_cast<double>(std::max<size_t>(1, scores.size())));
  out.unit_ = sigma > 0 ? static_cast<float>(sigma) * kSigmas : 1.f;
  constexpr float kHalf = 64;  // codes on each side of the mean
  if (spread > 1)
    out.unit_ = std::max(out.unit_, longest_centred / std::sqrt(static_cast<float>(m)) * kLongSigmas / kHalf);

  if (plan.metric != Metric::InnerProduct && m >= kLeastOnCircle) {
    const float least = std::max(judge.tenth_apart(m) / kMostApart, out.unit_ / kMostFiner);
    const double wanted = judge.share_rounded(m, 0) - kLostByRounding;
    while (out.unit_ / 2 >= least && judge.share_rounded(m, out.unit_) < wanted) {
      out.unit_ /= 2;
      out.fine_ = true;
    }
  }
  out.matrix_.assign(m * out.stride_, 0);
  out.offset_.resize(m);
  out.gain_.resize(m);
  for (size_t i = 0; i < m; ++i) {
    float largest = 0;
    std::vector<float> row(d);
    for (size_t j = 0; j < d; ++j) {
      row[j] = out.scale_[j] > 0 ? mixed[i * d + j] / out.scale_[j] : 0;
      largest = std::max(largest, std::abs(row[j]));
    }
    double offset = 0;
    for (size_t j = 0; j < d; ++j) {
      const float q = largest > 0 ? std::nearbyint(row[j] / largest * kRowMax) : 0;
      out.matrix_[i * out.stride_ + j] = static_cast<int8_t>(q);
      offset += static_cast<double>(q) * (out.mean_[j] - out.low_[j]) * out.scale_[j];
    }
    out.offset_[i] = static_cast<float>(offset);
    out.gain_[i] = largest / kRowMax / out.unit_;
  }
  out.sum_rows();
  return out;
}

// The vector that the projection sees: of length one, as long as the longest, or as it is.
const float* Projection::lift(const float* v, bool is_query, EncodeMemory& memory) const {
  if (metric_ == Metric::L2 || (metric_ == Metric::Cosine && is_query)) return v;  // a query comes with length one
  if (metric_ == Metric::InnerProduct && !is_query && !has_additional_dimension()) return v;
  memory.lifted.resize(width_);
  if (metric_ == Metric::Cosine) {
    normalise({v, dim_}, memory.lifted.data());
  } else {
    const float square = math::distance().ip_f32(v, v, dim_);
    if (is_query) {  // as long as the longest: the order of inner products is the same, their rounding is finer
      const float longer = square > 0 ? std::sqrt(longest_ / square) : 0;
      for (size_t j = 0; j < dim_; ++j) memory.lifted[j] = v[j] * longer;
      if (has_additional_dimension()) memory.lifted[dim_] = 0;
    } else {
      std::memcpy(memory.lifted.data(), v, dim_ * sizeof(float));
      memory.lifted[dim_] = std::sqrt(std::max(0.f, longest_ - square));
    }
  }
  return memory.lifted.data();
}

double Projection::distance_step(const float* query) const {
  const double square = static_cast<double>(unit_) * unit_;
  if (metric_ == Metric::L2) return square;
  if (metric_ == Metric::Cosine) return square / 2;  // |q - x|^2 = const - 2 <q, x>
  const float own = math::distance().ip_f32(query, query, dim_);
  return own > 0 ? square / 2 / std::sqrt(static_cast<double>(longest_) / own) : square / 2;  // q was made longer
}

// Into memory.steps. Fine: what the first byte of an input leaves, -1/2 to 1/2, is a second one.
void Projection::measure_steps(const float* lifted, EncodeMemory& memory) const {
  const auto& kernel = math::distance();
  memory.bytes.assign(stride_, 0);
  memory.sums.resize(directions_);
  memory.steps.resize(directions_);
  kernel.f32_to_u8(lifted, low_.data(), scale_.data(), memory.bytes.data(), width_);
  kernel.project(memory.bytes.data(), matrix_.data(), stride_, directions_, memory.sums.data());
  if (!fine_) {
    for (size_t i = 0; i < directions_; ++i)
      memory.steps[i] = (static_cast<float>(memory.sums[i]) - offset_[i]) * gain_[i];
    return;
  }
  for (size_t j = 0; j < width_; ++j) {
    const float left = (lifted[j] - low_[j]) * scale_[j] - memory.bytes[j];
    memory.bytes[j] = static_cast<uint8_t>(std::max(0.f, std::min((left + 0.5f) * 255, 255.f)) + 0.5f);
  }
  memory.fine_sums.resize(directions_);
  kernel.project(memory.bytes.data(), matrix_.data(), stride_, directions_, memory.fine_sums.data());
  for (size_t i = 0; i < directions_; ++i) {
    const float left = static_cast<float>(memory.fine_sums[i]) / 255 - half_sums_[i];
    memory.steps[i] = (static_cast<float>(memory.sums[i]) - offset_[i] + left) * gain_[i];
  }
}

void Projection::sum_rows() {
  half_sums_.resize(directions_);
  for (size_t i = 0; i < directions_; ++i) {
    const auto row = matrix_.begin() + static_cast<ptrdiff_t>(i * stride_);
    half_sums_[i] = static_cast<float>(std::accumulate(row, row + static_cast<ptrdiff_t>(width_), 0)) / 2;
  }
}

void Projection::codes(const float* lifted, uint8_t* record, EncodeMemory& memory) const {
  measure_steps(lifted, memory);
  std::memset(record, 0, record_bytes());
  for (size_t i = 0; i < directions_; ++i) {
    const float code = memory.steps[i] + kCentre;
    if (fine_)
      record[i] = static_cast<uint8_t>(static_cast<int32_t>(std::floor(sound(code) + 0.5f)));
    else
      record[i] =
          static_cast<uint8_t>(code > 0 ? std::min(code, 127.f) + 0.5f : 0.f);  // NaN, from a damaged file, gives 0
  }
}

bool Projection::longer_than_known(const float* v) const {
  return metric_ == Metric::InnerProduct && math::distance().ip_f32(v, v, dim_) > longest_;
}

void Projection::encode_query(const float* q, uint8_t* record, EncodeMemory& memory) const {
  codes(lift(q, true, memory), record, memory);
}

void Projection::encode(const float* v, uint8_t* record, EncodeMemory& memory) const {
  const auto& kernel = math::distance();
  const float* lifted = lift(v, false, memory);
  codes(lifted, record, memory);
  // What the codes leave out. Taken before rounding: |x|^2 is large beside the distances of neighbours, and the
  // rounding of each code would come back multiplied by it. With every direction kept nothing is left out.
  double rest = 0;
  const double squared_unit = static_cast<double>(unit_) * unit_;
  const bool is_inner = metric_ == Metric::InnerProduct;
  if (directions_ < width_ || is_inner) {
    rest = kernel.l2_f32(lifted, mean_.data(), width_) / squared_unit;
    for (size_t i = 0; i < directions_; ++i) {
      const float steps = fine_ ? sound(memory.steps[i]) : std::clamp(memory.steps[i], -64.f, 63.f);
      rest -= static_cast<double>(steps) * steps;
    }
  }
  // |q - x|^2 + longest - |x|^2 = |q|^2 + longest - 2 <q, x>. With an additional dimension only what is longer than all
  // of the training is left to take off.
  if (is_inner) {
    const float shorter = longest_ - kernel.ip_f32(v, v, dim_);
    rest += (has_additional_dimension() ? std::min(0.f, shorter) : shorter) / squared_unit;
  }
  const auto bias = static_cast<int32_t>(std::clamp(std::nearbyint(rest), -1.0 * kMaxBias, 1.0 * kMaxBias));
  std::memcpy(record + record_bytes() - kBiasBytes, &bias, sizeof(bias));
}

namespace {

constexpr uint64_t kFineFlag = uint64_t{1} << 32;  // beside the lines: whoever does not know it finds too many

struct Saved {
  uint64_t width, directions, lines;
  float longest, unit;
};

template <typename T>
void put(std::string& out, const std::vector<T>& values) {
  out.append(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T));
}

template <typename T>
void take(std::string_view& in, size_t n, std::vector<T>& out) {
  out.resize(n);
  std::memcpy(out.data(), in.data(), n * sizeof(T));
  in.remove_prefix(n * sizeof(T));
}

}  // namespace

std::string Projection::save() const {
  const Saved head{width_, directions_, lines_ | (fine_ ? kFineFlag : 0), longest_, unit_};
  std::string out(reinterpret_cast<const char*>(&head), sizeof(head));
  for (const auto* values : {&mean_, &low_, &scale_, &offset_, &gain_}) put(out, *values);
  put(out, matrix_);
  return out;
}

Projection Projection::load(const FileReader& file, size_t dim, Metric metric) {
  Projection out;
  std::string_view in = file.text("projection");
  Saved head;
  if (in.size() < sizeof(head)) file.corrupt("section 'projection' is too short");
  std::memcpy(&head, in.data(), sizeof(head));
  in.remove_prefix(sizeof(head));
  out.dim_ = dim;
  out.metric_ = metric;
  out.width_ = metric == Metric::InnerProduct && head.width == dim + 1 ? dim + 1 : dim;
  out.stride_ = round_up(out.width_, 32);
  out.fine_ = (head.lines & kFineFlag) != 0;
  head.lines &= ~kFineFlag;
  if (head.width != out.width_ || head.lines < 1 || head.lines > kMostLines || head.directions < 1 ||
      head.directions > directions_of(head.lines, out.width_))
    file.corrupt("section 'projection': " + std::to_string(head.directions) + " directions of " +
                 std::to_string(head.width) + " in " + std::to_string(head.lines) + " lines do not fit dim " +
                 std::to_string(dim));
  out.lines_ = head.lines;
  out.directions_ = head.directions;
  out.longest_ = head.longest;
  out.unit_ = head.unit;
  if (in.size() != (3 * out.width_ + 2 * out.directions_) * sizeof(float) + out.directions_ * out.stride_)
    file.corrupt("section 'projection' has the wrong size");
  for (auto* values : {&out.mean_, &out.low_, &out.scale_}) take(in, out.width_, *values);
  for (auto* values : {&out.offset_, &out.gain_}) take(in, out.directions_, *values);
  take(in, out.directions_ * out.stride_, out.matrix_);
  out.sum_rows();
  return out;
}

}  // namespace hanok::index
