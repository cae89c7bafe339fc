#include "nn/cnn/cnn.h"

#include <algorithm>

#include "hanok/error.h"
#include "nn/cnn/architectures.h"

namespace hanok::nn {
namespace {

// Pictures that go through the convolutions together: enough rows for all cores in the last, smallest maps; few enough
// that what a layer writes is still in cache when the next one reads it.
constexpr size_t kMostTogether = 16;
constexpr size_t kFloatsTogether = 4 << 20;
// And through the linear layers behind them: VGG's are half a gigabyte, which is read once for all of these.
constexpr size_t kMostInHead = 128;

VisionRun of_imagenet(const Weights& weights) {
  VisionRun run{.model = family_of(weights).name, .height = 224, .width = 224};
  if (run.model == "lenet") {
    const Tensor& first = *weights.find("0.weight");
    run.channels = first.shape.size() == 4 ? first.shape[1] : 1;
    run.height = run.width = 28;
    run.mean.assign(run.channels, 0.0f);
    run.std.assign(run.channels, 1.0f);
  } else {
    run.mean = {0.485f, 0.456f, 0.406f};
    run.std = {0.229f, 0.224f, 0.225f};
  }
  return run;
}

}  // namespace

Cnn Cnn::open(const std::filesystem::path& path) {
  std::error_code ignored;
  const bool folder = std::filesystem::is_directory(path, ignored);
  const auto file = folder ? path / "model.safetensors" : path;
  if (!std::filesystem::exists(file, ignored))
    throw Error(Code::NotFound, file.string() +
                                    ": is not there; expected a folder that `hanok vision train` made, or a file of "
                                    "weights");
  const Weights weights = Weights::open_file(file);
  const auto beside = folder ? path : path.parent_path();
  const bool described =
      folder || (path.filename() == "model.safetensors" && std::filesystem::exists(beside / "model.json", ignored));
  return Cnn(weights, described ? read_vision_run(beside) : of_imagenet(weights));
}

Cnn::Cnn(const Weights& weights, VisionRun run) : run_(std::move(run)), in_{run_.height, run_.width, run_.channels} {
  const Family& family = family_of(weights);
  if (run_.model.rfind(family.name, 0) != 0)
    throw Error(Code::Corrupt, weights.what() + ": model.json says '" + run_.model +
                                   "', and the tensors are those of " + family.name + "; they do not belong together");
  layers_ = family.build(weights, in_, run_.model);
  classes_ = layers_.back()->out_shape().size();
  if (classes_ == 0) throw Error(Code::Corrupt, weights.what() + ": the last layer gives nothing, not one class");
  features_ = layers_[layers_.size() - 2]->out_shape().size();
  if (run_.class_names.empty())
    for (size_t i = 0; i < classes_; ++i) run_.class_names.push_back(std::to_string(i));
  if (run_.class_names.size() != classes_)
    throw Error(Code::Corrupt, weights.what() + ": model.json names " + std::to_string(run_.class_names.size()) +
                                   " classes, and the last layer gives " + std::to_string(classes_));
  while (!layers_[head_]->wants_many()) ++head_;
  largest_ = in_.size();
  for (const auto& layer : layers_) largest_ = std::max(largest_, layer->out_shape().size());
}

uint64_t Cnn::multiply_adds() const {
  uint64_t sum = 0;
  for (const auto& layer : layers_) sum += layer->multiply_adds();
  return sum;
}

CnnResult Cnn::run(std::span<const float> x, size_t count) const {
  if (x.size() != count * in_.size())
    throw Error(Code::Invalid, run_.model + ": " + std::to_string(count) + " pictures of " +
                                   std::to_string(in_.height) + " x " + std::to_string(in_.width) + " x " +
                                   std::to_string(in_.channels) + " were expected, found " + std::to_string(x.size()) +
                                   " values");
  CnnResult out;
  out.logits.reserve(count * classes_);
  out.features.reserve(count * features_);
  Workspace space;
  for (size_t first = 0; first < count; first += kMostInHead) {
    const size_t n = std::min(kMostInHead, count - first);
    Values values = maps(x.data() + first * in_.size(), n, space);
    for (size_t i = head_; i + 1 < layers_.size(); ++i) values = layers_[i]->run(std::move(values), space);
    out.features.insert(out.features.end(), values.data.data(), values.data.data() + n * features_);
    values = layers_.back()->run(std::move(values), space);
    out.logits.insert(out.logits.end(), values.data.data(), values.data.data() + n * classes_);
    space.give_back(std::move(values));
  }
  return out;
}

// What the convolutions make of `count` pictures, group by group.
Values Cnn::maps(const float* x, size_t count, Workspace& space) const {
  const size_t together = std::clamp<size_t>(kFloatsTogether / largest_, 1, kMostTogether);
  Values out{count, layers_[head_ - 1]->out_shape()};
  out.data.reserve(out.size());
  for (size_t first = 0; first < count; first += together) {
    const size_t n = std::min(together, count - first);
    Values values = space.take(n, in_);
    std::copy_n(x + first * in_.size(), n * in_.size(), values.data.data());
    for (size_t i = 0; i < head_; ++i) values = layers_[i]->run(std::move(values), space);
    std::copy_n(values.data.data(), values.size(), out.picture(first));
    space.give_back(std::move(values));
  }
  return out;
}

}  // namespace hanok::nn
