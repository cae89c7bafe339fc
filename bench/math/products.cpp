// Products with weights in each format: how near decoding comes to the memory's speed, and how many multiply-adds a
// second a prefill does.
//
//   products [--width 8192] [--depth 2048] [--threads 2] [--format Q4_K] [--rows 256]
//
// One line of JSON for the memory: {"read_gb_per_second"}, the speed at which the same threads read bytes and add them
// up. Then one line a format: {"format","bits","pack_gb_per_second", "decode_gb_per_second","decode_share" (of the
// memory's speed, measured beside), "rows4_gb_per_second","prefill_gmac_per_second"}. Decoding goes through several
// matrices that together are larger than any cache; the best of several passes counts.
#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "base/threads.h"
#include "math/distance.h"
#include "math/packed_weights.h"

namespace {

using namespace hanok;

constexpr size_t kTogether = 400 << 20;  // bytes of weights that decoding passes through
constexpr int kPasses = 7;

// Each thread multiplies what it reads by numbers that stay in its first-level cache.
double read_speed(const std::vector<float>& memory, size_t threads) {
  constexpr size_t kPiece = 2048;
  const std::vector<float> ones(kPiece, 1);
  double best = 1e9;
  for (int pass = 0; pass < kPasses; ++pass) {
    const base::Stopwatch clock;
    std::atomic<int> wrong{0};
    base::parallel_for(
        memory.size() / kPiece, 64,
        [&](size_t begin, size_t end, size_t) {
          for (size_t i = begin; i < end; ++i)
            wrong += math::distance().ip_f32(ones.data(), memory.data() + i * kPiece, kPiece) != kPiece;
        },
        threads);
    if (wrong) std::abort();
    best = std::min(best, clock.seconds());
  }
  return static_cast<double>(memory.size() * sizeof(float)) / best / 1e9;
}

// Random bytes are fine weights, but for the halves among them: these are made small.
std::vector<std::byte> random_rows(const math::WeightFormatInfo& about, size_t values) {
  base::Random random(1);
  std::vector<std::byte> out(about.row_bytes(values));
  for (size_t i = 0; i + 8 <= out.size(); i += 8) {
    const uint64_t bits = random.next() & 0x3F3F3F3F3F3F3F3Full;  // of no half the exponent is the highest
    std::memcpy(out.data() + i, &bits, 8);
  }
  return out;
}

template <class Body>
double best_seconds(Body body) {
  double best = 1e9;
  for (int pass = 0; pass < kPasses; ++pass) {
    const base::Stopwatch clock;
    body();
    best = std::min(best, clock.seconds());
  }
  return best;
}

void measure(const math::WeightFormatInfo& about, size_t width, size_t depth, size_t rows, size_t threads,
             const std::vector<float>& memory) {
  const auto raw = random_rows(about, width * depth);
  const size_t matrices = std::max<size_t>(1, kTogether / raw.size());
  std::vector<math::PackedWeights> w;
  const base::Stopwatch packing;
  for (size_t i = 0; i < matrices; ++i) w.emplace_back(about.format, raw.data(), width, depth);
  const double pack = packing.seconds();
  base::Random random(2);
  std::vector<float> x(rows * depth), y(rows * width);
  for (float& v : x) v = static_cast<float>(random.normal());
  math::Activations left;
  const auto pass_with = [&](size_t m) {
    left.set(x.data(), depth, m, depth, w[0].arithmetic());
    return best_seconds([&] {
      for (const auto& matrix : w) math::product(left, matrix, y.data(), width, {.threads = threads});
    });
  };
  const double all = static_cast<double>(w[0].bytes() * matrices) / 1e9;
  const double memory_speed = read_speed(memory, threads), one = all / pass_with(1), four = all / pass_with(4);
  left.set(x.data(), depth, rows, depth, w[0].arithmetic());
  const auto prefill_seconds = [&] {
    return best_seconds([&] { math::product(left, w[0], y.data(), width, {.threads = threads}); });
  };
  const double macs = static_cast<double>(rows * width * depth) / 1e9, prefill = macs / prefill_seconds();
  std::printf(
      "{\"format\":\"%s\",\"bits\":%.2f,\"pack_gb_per_second\":%.2f,\"decode_gb_per_second\":%.1f,\"decode_share\":%.2f,"
      "\"rows4_gb_per_second\":%.1f,\"prefill_gmac_per_second\":%.0f}\n",
      std::string(about.name).c_str(), about.bits_per_value(), all / pack, one, one / memory_speed, four, prefill);
  if (about.format == math::WeightFormat::Bf16) {
    left.set(x.data(), depth, rows, depth, math::Arithmetic::Bf16);
    std::printf("{\"format\":\"BF16, activations too\",\"prefill_gmac_per_second\":%.0f}\n", macs / prefill_seconds());
  }
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  size_t width = 8192, depth = 2048, threads = 2, rows = 256;
  std::string only;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string option = argv[i];
    const auto number = static_cast<size_t>(std::atoll(argv[i + 1]));
    if (option == "--width") width = number;
    if (option == "--depth") depth = number;
    if (option == "--threads") threads = number;
    if (option == "--rows") rows = number;
    if (option == "--format") only = argv[i + 1];
  }
  const std::vector<float> memory(kTogether / sizeof(float), 1);
  std::printf("{\"cpu\":\"%s\",\"threads\":%zu,\"read_gb_per_second\":%.1f}\n",
              math::features_name(math::features()).c_str(), threads, read_speed(memory, threads));
  for (const auto& about : math::weight_formats())
    if (only.empty() || only == about.name) measure(about, width, depth, rows, threads, memory);
}
