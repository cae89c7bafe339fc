#include "vision/models/trained.h"

#include <algorithm>
#include <cstring>
#include <map>

#include "hanok/error.h"
#include "train/weights.h"
#include "vision/models/layers.h"

namespace hanok::vision {
namespace {

constexpr std::string_view kParallel = "module.";
constexpr size_t kMostClasses = 1 << 20;

[[noreturn]] void unfit(const nn::Weights& weights, const std::string& why) {
  throw Error(Code::Corrupt, weights.what() + ": " + why + "; the weights are of another net");
}

std::vector<size_t> shape_of(const torch::Tensor& t) { return {t.sizes().begin(), t.sizes().end()}; }

bool all_begin_with(const nn::Weights& weights, std::string_view prefix) {
  const auto& all = weights.tensors();
  return std::all_of(all.begin(), all.end(), [&](const auto& t) { return t.first.starts_with(prefix); });
}

// The tensor under either of its names.
const nn::Tensor& tensor_of(const nn::Weights& weights, const std::string& name) {
  const nn::Tensor* found = weights.find(name);
  if (!found) found = weights.find(std::string(kParallel) + name);
  if (!found || found->shape.size() < 2) unfit(weights, "tensor '" + name + "' is missing");
  return *found;
}

// The first and the last tensor with two or more axes: [width, channels, k, k] and [classes, features].
std::pair<std::string, std::string> ends_of(const torch::nn::Module& net) {
  std::vector<std::string> names;
  for (const auto& [name, tensor] : train::state_of(net))
    if (tensor.dim() >= 2) names.push_back(name);
  return {names.front(), names.back()};
}

void copy_in(const nn::Tensor& from, torch::Tensor to) {
  const torch::NoGradGuard guard;
  if (to.scalar_type() == torch::kInt64) {
    torch::Tensor values = torch::empty(to.sizes(), torch::kInt64);
    std::memcpy(values.data_ptr(), from.bytes.data(), from.bytes.size());
    to.copy_(values);
    return;
  }
  const auto values = nn::read_floats(from);
  to.copy_(torch::from_blob(const_cast<float*>(values.data()), to.sizes(), torch::kFloat32));
}

}  // namespace

void load_weights(torch::nn::Module& net, const nn::Weights& weights) {
  const std::string prefix(all_begin_with(weights, kParallel) ? kParallel : "");
  size_t used = 0;
  for (const auto& [name, tensor] : train::state_of(net)) {
    const nn::Tensor* found = weights.find(prefix + name);
    if (!found && name.ends_with("num_batches_tracked")) continue;
    if (!found) unfit(weights, "tensor '" + name + "' is missing");
    const bool whole = tensor.scalar_type() == torch::kInt64;
    if (found->shape != shape_of(tensor) || (whole ? found->type != nn::DType::I64 : !nn::is_float(found->type)))
      unfit(weights,
            "tensor '" + name + "' is " + nn::describe(*found) + ", expected " +
                nn::describe(nn::Tensor{
                    .name = name, .type = whole ? nn::DType::I64 : nn::DType::F32, .shape = shape_of(tensor)}));
    copy_in(*found, tensor);
    ++used;
  }
  if (used == weights.tensors().size()) return;
  const auto known = train::state_of(net);
  for (const auto& [name, tensor] : weights.tensors())
    if (std::none_of(known.begin(), known.end(), [&](const auto& k) { return prefix + k.first == name; }))
      unfit(weights, "tensor '" + name + "' is none of this net's");
}

void save_weights(const std::filesystem::path& file, const torch::nn::Module& net) {
  train::save_tensors(file, train::state_of(net), {{"format", "pt"}});
}

TrainedNet adopt_weights(const std::string& model, bool small_input, const std::filesystem::path& file, size_t side,
                         std::vector<std::string> class_names) {
  const WithoutInitialisation weights_come_from_the_file;
  const auto weights = nn::Weights::open_file(file);
  ModelOptions options{.name = model, .input = model_kind(model).input, .small_input = small_input};
  if (small_input) options.input = {3, 32, 32};
  if (side > 0) options.input.height = options.input.width = static_cast<int>(side);
  const auto [first, last] = ends_of(*make_model(options));
  const nn::Tensor& head = tensor_of(weights, last);
  if (head.shape[0] == 0 || head.shape[0] > kMostClasses) unfit(weights, "'" + last + "' is " + nn::describe(head));
  options.input.channels = static_cast<int>(std::min<size_t>(tensor_of(weights, first).shape[1], 1 << 10));
  options.classes = static_cast<int>(head.shape[0]);
  for (int c = 0; class_names.size() < head.shape[0] && (c > 0 || class_names.empty()); ++c)
    class_names.push_back(std::to_string(c));
  if (class_names.size() != head.shape[0])
    throw Error(Code::Invalid, file.string() + ": the net has " + std::to_string(head.shape[0]) +
                                   " classes, and there are " + std::to_string(class_names.size()) + " names");

  TrainedNet out{{}, make_model(options)};
  load_weights(*out.net, weights);
  out.net->eval();
  out.run.model = model;
  out.run.variant = small_input ? "cifar" : "imagenet";
  out.run.class_names = std::move(class_names);
  out.run.channels = static_cast<size_t>(options.input.channels);
  out.run.height = static_cast<size_t>(options.input.height);
  out.run.width = static_cast<size_t>(options.input.width);
  const bool rgb = out.run.channels == 3;
  out.run.mean = rgb ? std::vector<float>{.485f, .456f, .406f} : std::vector<float>(out.run.channels, .1307f);
  out.run.std = rgb ? std::vector<float>{.229f, .224f, .225f} : std::vector<float>(out.run.channels, .3081f);
  out.run.parameters = static_cast<size_t>(count_parameters(*out.net));
  return out;
}

void save_run(const std::filesystem::path& folder, const TrainedNet& trained) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) throw Error(Code::Unavailable, folder.string() + ": the folder cannot be made: " + error.message());
  save_weights(folder / "model.safetensors", *trained.net);
  nn::write_vision_run(folder, trained.run);
}

ModelOptions options_of(const nn::VisionRun& run) {
  return {.name = run.model,
          .classes = static_cast<int>(run.class_names.size()),
          .input = {static_cast<int>(run.channels), static_cast<int>(run.height), static_cast<int>(run.width)},
          .small_input = run.variant == "cifar"};
}

TrainedNet open_run(const std::filesystem::path& folder) {
  TrainedNet out{nn::read_vision_run(folder), nullptr};
  {
    const WithoutInitialisation weights_come_from_the_file;
    out.net = make_model(options_of(out.run));
  }
  load_weights(*out.net, nn::Weights::open_file(folder / "model.safetensors"));
  out.net->eval();
  return out;
}

}  // namespace hanok::vision
