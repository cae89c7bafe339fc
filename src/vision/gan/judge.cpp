#include "vision/gan/judge.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/file.h"
#include "base/hash.h"
#include "hanok/error.h"
#include "nn/safetensors_writer.h"

namespace hanok::vision {
namespace {

constexpr float kConfident = 0.9f;
constexpr size_t kTogether = 1024;  // pictures whose floats are in memory at a time

struct Likeliest {
  size_t of;
  float probability;
};

Likeliest likeliest(std::span<const float> logits) {
  const auto best = std::max_element(logits.begin(), logits.end());
  double sum = 0;
  for (const float v : logits) sum += std::exp(static_cast<double>(v) - *best);
  return {static_cast<size_t>(best - logits.begin()), static_cast<float>(1 / sum)};
}

}  // namespace

size_t Judgement::classes_present() const {
  const size_t least = std::max<size_t>(1, of_class.empty() ? 1 : pictures / of_class.size() / 100);
  return static_cast<size_t>(std::count_if(of_class.begin(), of_class.end(), [&](size_t n) { return n >= least; }));
}

Judge::Judge(const std::filesystem::path& run) : net_(nn::Cnn::open(run)) {
  const bool folder = std::filesystem::is_directory(run);
  const base::MappedFile file(folder ? run / "model.safetensors" : run);
  model_ = net_.description().model + " " + base::sha256_hex(file.view());
}

void Judge::check(size_t channels, size_t height, size_t width) const {
  const nn::VisionRun& run = net_.description();
  const auto text = [](size_t c, size_t h, size_t w) {
    return std::to_string(c) + " x " + std::to_string(h) + " x " + std::to_string(w);
  };
  if (run.channels != channels || run.height != height || run.width != width)
    throw Error(Code::Invalid, "the judge " + run.model + " takes pictures of " +
                                   text(run.channels, run.height, run.width) +
                                   " (channels, height, width), and those of " + text(channels, height, width) +
                                   " are to be judged; train one on the same data set");
}

nn::CnnResult Judge::run(const MadePictures& pictures) const {
  check(pictures.channels, pictures.height, pictures.width);
  const nn::VisionRun& about = net_.description();
  nn::CnnResult out;
  for (size_t first = 0; first < pictures.size(); first += kTogether) {
    const size_t n = std::min(kTogether, pictures.size() - first);
    std::vector<float> x(n * pictures.bytes_each());
    const uint8_t* from = pictures.pixels.data() + first * pictures.bytes_each();
    for (size_t i = 0; i < x.size(); ++i) {
      const size_t c = i % pictures.channels;
      x[i] = (static_cast<float>(from[i]) / 255.0f - about.mean[c]) / about.std[c];
    }
    const nn::CnnResult some = net_.run(x, n);
    out.logits.insert(out.logits.end(), some.logits.begin(), some.logits.end());
    out.features.insert(out.features.end(), some.features.begin(), some.features.end());
  }
  return out;
}

void Judge::know(const MadePictures& real) {
  real_ = std::make_unique<Gaussian>(fit_gaussian(run(real).features, net_.feature_size()));
}

void Judge::save_known(const std::filesystem::path& file) const {
  if (!real_) return;
  const auto as = [](const std::vector<double>& v, std::vector<size_t> shape, const char* name) {
    return nn::Tensor{
        .name = name, .type = nn::DType::F64, .shape = std::move(shape), .bytes = std::as_bytes(std::span(v))};
  };
  const nn::Tensor both[] = {as(real_->mean, {real_->dim()}, "mean"),
                             as(real_->covariance, {real_->dim(), real_->dim()}, "covariance")};
  nn::write_safetensors(file, both, {{"judge", model_}});
}

bool Judge::load_known(const std::filesystem::path& file) {
  if (!std::filesystem::exists(file)) return false;
  const nn::Weights weights = nn::Weights::open_file(file);
  const auto judge = weights.metadata().find("judge");
  if (judge == weights.metadata().end() || judge->second != model_) return false;
  const size_t d = net_.feature_size();
  const auto doubles = [&](const char* name, const std::vector<size_t>& shape) {
    const nn::Tensor& t = weights.at(name, shape);
    if (t.type != nn::DType::F64) throw Error(Code::Corrupt, file.string() + ": '" + name + "' is not float64");
    std::vector<double> out(t.count());
    std::memcpy(out.data(), t.bytes.data(), t.bytes.size());
    return out;
  };
  real_ = std::make_unique<Gaussian>(Gaussian{doubles("mean", {d}), doubles("covariance", {d, d})});
  return true;
}

Judgement Judge::look(const MadePictures& made) const {
  const nn::CnnResult result = run(made);
  Judgement out{.pictures = made.size(), .of_class = std::vector<size_t>(net_.classes(), 0)};
  size_t confident = 0;
  for (size_t i = 0; i < out.pictures; ++i) {
    const Likeliest found = likeliest(std::span(result.logits).subspan(i * net_.classes(), net_.classes()));
    ++out.of_class[found.of];
    confident += found.probability > kConfident;
  }
  const auto total = static_cast<double>(std::max<size_t>(1, out.pictures));
  out.confident = static_cast<double>(confident) / total;
  for (const size_t n : out.of_class)
    if (n > 0) out.entropy -= static_cast<double>(n) / total * std::log(static_cast<double>(n) / total);
  if (real_ && out.pictures > 1)
    out.frechet = frechet_distance(*real_, fit_gaussian(result.features, net_.feature_size()));
  return out;
}

}  // namespace hanok::vision
