#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/hash.h"
#include "base/json.h"
#include "base/threads.h"
#include "hanok/pictures.h"
#include "nn/cnn/cnn.h"

namespace hanok {
namespace {

constexpr int kVersion = 1;        // raised when hanok itself computes other numbers from the same files
constexpr size_t kTogether = 256;  // pictures that are prepared at a time by embed()
constexpr size_t kSamples = 4, kSampleBytes = 64;  // of each tensor: training moves nearly every weight

void add(base::Sha256& hash, std::string_view field) {  // with its length, so that fields cannot run together
  hash.update(std::to_string(field.size()) + ":");
  hash.update(field);
}

std::string fingerprint_of(const nn::Weights& weights, const nn::VisionRun& run) {
  base::Sha256 hash;
  add(hash, "hanok picture " + std::to_string(kVersion));
  add(hash, run.model);
  for (const size_t n : {run.channels, run.height, run.width}) add(hash, std::to_string(n));
  for (const auto& list : {run.mean, run.std})
    add(hash, {reinterpret_cast<const char*>(list.data()), list.size() * sizeof(float)});
  for (const auto& [name, tensor] : weights.tensors()) {
    add(hash, name + " " + nn::describe(tensor));
    const std::string_view bytes(reinterpret_cast<const char*>(tensor.bytes.data()), tensor.bytes.size());
    if (bytes.size() <= kSamples * kSampleBytes) {
      hash.update(bytes);
      continue;
    }
    for (size_t i = 0; i < kSamples; ++i)
      hash.update(bytes.substr((bytes.size() - kSampleBytes) * i / (kSamples - 1), kSampleBytes));
  }
  return "picture:" + hash.hex();  // chain::holds_pictures
}

// In place, of finite numbers.
void softmax(std::span<float> x) {
  const float most = *std::max_element(x.begin(), x.end());
  float sum = 0;
  for (float& v : x) sum += v = std::exp(v - most);
  for (float& v : x) v /= sum;
}

void to_length_one(std::span<float> row) {
  double squares = 0;
  for (const float v : row) squares += static_cast<double>(v) * v;
  if (squares <= 0) return;
  const auto scale = static_cast<float>(1 / std::sqrt(squares));
  for (float& v : row) v *= scale;
}

}  // namespace

struct PictureModel::Impl {
  explicit Impl(const std::filesystem::path& run)
      : net(nn::Cnn::open(run)), path(std::filesystem::absolute(run).lexically_normal().string()) {
    while (path.size() > 1 && path.back() == '/') path.pop_back();
    const bool folder = std::filesystem::is_directory(run);
    fingerprint = fingerprint_of(nn::Weights::open_file(folder ? run / "model.safetensors" : run), net.description());
  }
  nn::CnnResult run(std::span<const float> prepared, size_t count) const {
    nn::CnnResult out = net.run(prepared, count);
    for (const auto* list : {&out.features, &out.logits})
      if (!std::all_of(list->begin(), list->end(), [](float v) { return std::isfinite(v); }))
        throw Error(Code::Corrupt, path +
                                       ": what the net gives for a picture is no number; its weights are damaged, or "
                                       "its training came apart: train it again");
    return out;
  }
  nn::Cnn net;
  std::string path, fingerprint;
};

PictureModel::PictureModel(const std::filesystem::path& run) : impl_(std::make_unique<Impl>(run)) {}
PictureModel::~PictureModel() = default;
PictureModel::PictureModel(PictureModel&&) noexcept = default;
PictureModel& PictureModel::operator=(PictureModel&&) noexcept = default;

size_t PictureModel::dim() const { return impl_->net.feature_size(); }
const std::string& PictureModel::name() const { return impl_->net.description().model; }
const std::vector<std::string>& PictureModel::classes() const { return impl_->net.description().class_names; }
const std::string& PictureModel::fingerprint() const { return impl_->fingerprint; }
store::VectorSpace PictureModel::space() const { return {impl_->fingerprint, impl_->path, dim(), 0}; }

std::vector<float> PictureModel::prepare(const image::Image& picture) const {
  const nn::VisionRun& run = impl_->net.description();
  if (run.channels != 1 && run.channels != 3)
    throw Error(Code::Unsupported, name() + ": it was trained on pictures of " + std::to_string(run.channels) +
                                       " channels; gray (1) or colour (3) was expected");
  const image::Image wanted = run.channels == 1 ? image::to_gray(picture) : image::to_rgb(picture);
  const image::Image cut = image::crop_to_ratio(wanted, run.width, run.height);
  const image::Image sized = image::resize(cut, run.width, run.height);
  std::vector<float> out(sized.pixels.size());
  for (size_t i = 0; i < out.size(); ++i) {
    const size_t c = i % run.channels;
    out[i] = (static_cast<float>(sized.pixels[i]) / 255.0f - run.mean[c]) / run.std[c];
  }
  return out;
}

PictureModel::Reading PictureModel::read(std::span<const float> prepared) const {
  const size_t count = prepared.size() / impl_->net.in_shape().size(), classes_count = classes().size();
  nn::CnnResult result = impl_->run(prepared, count);
  Reading out{{count, dim(), std::move(result.features)}, {}};
  for (size_t i = 0; i < count; ++i) {
    to_length_one(out.vectors.row(i));
    const std::span<float> row(result.logits.data() + i * classes_count, classes_count);
    softmax(row);
    const auto best = std::max_element(row.begin(), row.end());
    out.labels.push_back({classes()[static_cast<size_t>(best - row.begin())], *best});
  }
  return out;
}

Matrix PictureModel::embed(std::span<const image::Image> pictures) const {
  const size_t size = impl_->net.in_shape().size();
  Matrix out{0, dim(), {}};
  for (size_t first = 0; first < pictures.size(); first += kTogether) {
    const size_t n = std::min(kTogether, pictures.size() - first);
    std::vector<float> prepared(n * size);
    base::parallel_for(n, 1, [&](size_t begin, size_t end, size_t) {
      for (size_t i = begin; i < end; ++i) {
        const auto one = prepare(pictures[first + i]);
        std::copy(one.begin(), one.end(), prepared.begin() + static_cast<std::ptrdiff_t>(i * size));
      }
    });
    const Reading reading = read(prepared);
    out.data.insert(out.data.end(), reading.vectors.data.begin(), reading.vectors.data.end());
    out.rows += n;
  }
  return out;
}

std::vector<PictureLabel> PictureModel::classify(const image::Image& picture) const {
  nn::CnnResult result = impl_->run(prepare(picture), 1);
  softmax(result.logits);
  std::vector<PictureLabel> out;
  for (size_t i = 0; i < classes().size(); ++i) out.push_back({classes()[i], result.logits[i]});
  std::stable_sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.probability > b.probability; });
  return out;
}

}  // namespace hanok
