#include "vision/models/recording.h"

#include <torch/nn/module.h>

#include "hanok/error.h"

namespace hanok::vision {
namespace {

thread_local Recording* recording = nullptr;

const void* identity(const torch::Tensor& t) { return t.unsafeGetTensorImpl(); }

uint64_t multiply_adds_of(const Step& step, const torch::Tensor& x) {
  if (step.op == Op::Conv)  // each output value is a sum over a kernel's field
    return static_cast<uint64_t>(step.output.numel() * x.size(1) / step.groups * step.kernel * step.kernel);
  if (step.op == Op::Linear) return static_cast<uint64_t>(step.output.numel() * x.size(1));
  return 0;
}

}  // namespace

std::string_view op_name(Op op) {
  switch (op) {
    case Op::Input:
      return "input";
    case Op::Conv:
      return "conv";
    case Op::Linear:
      return "linear";
    case Op::BatchNorm:
      return "batch norm";
    case Op::Relu:
      return "relu";
    case Op::LeakyRelu:
      return "leaky relu";
    case Op::Sigmoid:
      return "sigmoid";
    case Op::Tanh:
      return "tanh";
    case Op::Gelu:
      return "gelu";
    case Op::MaxPool:
      return "max pool";
    case Op::AveragePool:
      return "average pool";
    case Op::AdaptiveAveragePool:
      return "adaptive average pool";
    case Op::Flatten:
      return "flatten";
    case Op::Dropout:
      return "dropout";
    case Op::Add:
      return "add";
  }
  return "?";
}

Recording::Recording(const torch::nn::Module& model, const torch::Tensor& x, Mode mode) : mode_(mode) {
  if (recording) throw Error(Code::Internal, "a forward pass is written down already on this thread");
  for (const auto& item : model.named_modules("", /*include_self=*/false)) names_[item.value().get()] = item.key();
  Step input;
  input.output = x;
  steps_.push_back(input);
  step_of_[identity(x)] = 0;
  recording = this;
}

Recording::~Recording() { recording = nullptr; }

Recording* Recording::current() { return recording; }

void Recording::add(Step step, std::initializer_list<torch::Tensor> inputs, const torch::Tensor& output) {
  const auto name = names_.find(step.layer);
  if (name != names_.end()) step.name = name->second;
  for (const auto& input : inputs) {
    const auto from = step_of_.find(identity(input));
    if (from == step_of_.end())
      throw Error(Code::Internal, "layer '" + step.name + "' works on a tensor that no layer gave");
    step.inputs.push_back(from->second);
  }
  step.output = output;
  step.multiply_adds = multiply_adds_of(step, *inputs.begin());
  step_of_[identity(output)] = steps_.size();
  steps_.push_back(std::move(step));
}

uint64_t Recording::multiply_adds() const {
  uint64_t sum = 0;
  for (const Step& s : steps_) sum += s.multiply_adds;
  return sum;
}

size_t Recording::depth() const {
  size_t layers = 0;
  for (const Step& s : steps_) layers += (s.op == Op::Conv || s.op == Op::Linear) && !s.shortcut;
  return layers;
}

torch::Tensor noted(const Step& step, std::initializer_list<torch::Tensor> inputs,
                    const std::function<torch::Tensor(bool in_place)>& compute) {
  if (!recording) return compute(true);
  const torch::Tensor output = compute(false);
  recording->add(step, inputs, output);
  return output;
}

}  // namespace hanok::vision
