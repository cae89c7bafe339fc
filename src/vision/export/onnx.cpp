// Field numbers are those of onnx.proto (ir_version 8); each function writes one message of it.
#include "vision/export/onnx.h"

#include <deque>

#include "base/file.h"
#include "base/json.h"
#include "hanok/error.h"
#include "vision/export/protobuf.h"
#include "vision/models/layers.h"
#include "vision/models/recording.h"

namespace hanok::vision {
namespace {

constexpr int64_t kIrVersion = 8, kOpset = 17, kOpsetWithGelu = 20;
constexpr int64_t kFloat = 1;                                                  // TensorProto.FLOAT
constexpr int64_t kAttributeFloat = 1, kAttributeInt = 2, kAttributeInts = 7;  // AttributeProto.AttributeType

ProtoWriter attribute(const char* name, int64_t value) {
  return ProtoWriter().bytes(1, name).number(3, value).number(20, kAttributeInt);
}
ProtoWriter attribute(const char* name, float value) {
  return ProtoWriter().bytes(1, name).real(2, value).number(20, kAttributeFloat);
}
ProtoWriter attribute(const char* name, const std::vector<int64_t>& values) {
  ProtoWriter out;
  out.bytes(1, name);
  for (const int64_t v : values) out.number(8, v);
  return out.number(20, kAttributeInts);
}

// name, float32, [N, sizes...]
ProtoWriter value_info(const std::string& name, at::IntArrayRef sizes) {
  ProtoWriter shape;
  shape.message(1, ProtoWriter().bytes(2, "N"));
  for (size_t i = 1; i < sizes.size(); ++i) shape.message(1, ProtoWriter().number(1, sizes[i]));
  const auto tensor = ProtoWriter().number(1, kFloat).message(2, shape);
  return ProtoWriter().bytes(1, name).message(2, ProtoWriter().message(1, tensor));
}

class Graph {
 public:
  explicit Graph(const std::vector<Step>& steps) : steps_(steps) {
    for (size_t i = 0; i < steps.size(); ++i) add(i);
    head_.bytes(2, "hanok");
    head_.message(11, value_info("input", steps[0].output.sizes()));
    head_.message(12, value_info("logits", steps.back().output.sizes()));
  }

  int64_t opset() const { return opset_; }
  /// The whole message; views into this object.
  std::vector<std::string_view> pieces() const {
    std::vector<std::string_view> out{head_.text()};
    for (const auto& [text, tensor] : initializers_) {
      out.push_back(text);
      out.emplace_back(static_cast<const char*>(tensor.data_ptr()), tensor.nbytes());
    }
    return out;
  }

 private:
  std::string value_of(size_t step) const { return values_[step]; }

  // Nodes have names of their own: a layer's is its path, a function's its number.
  std::string node_name(size_t i) const {
    return steps_[i].name.empty() ? std::string(op_name(steps_[i].op)) + "_" + std::to_string(i) : steps_[i].name;
  }

  void node(const char* op, const std::vector<std::string>& inputs, const std::string& output,
            const std::vector<ProtoWriter>& attributes = {}) {
    ProtoWriter out;
    for (const auto& name : inputs) out.bytes(1, name);
    out.bytes(2, output).bytes(3, output).bytes(4, op);
    for (const auto& a : attributes) out.message(5, a);
    head_.message(1, out);
  }

  // A tensor of the file; its values are written from where they lie.
  std::string weight(const std::string& name, const Tensor& values) {
    const Tensor t = values.detach().to(torch::kCPU, torch::kFloat32).contiguous();
    ProtoWriter tensor;
    for (const int64_t n : t.sizes()) tensor.number(1, n);
    tensor.number(2, kFloat).bytes(8, name).begin_bytes(9, t.nbytes());
    initializers_.emplace_back(ProtoWriter().begin_bytes(5, tensor.text().size() + t.nbytes()).text() + tensor.text(),
                               t);
    return name;
  }

  std::vector<ProtoWriter> window(const Step& s) const {
    return {attribute("kernel_shape", std::vector<int64_t>{s.kernel, s.kernel}),
            attribute("strides", std::vector<int64_t>{s.stride, s.stride}),
            attribute("pads", std::vector<int64_t>(4, s.padding))};
  }

  void add(size_t i) {
    const Step& s = steps_[i];
    if (s.op == Op::Input) return values_.push_back("input");
    const std::string in = value_of(s.inputs[0]), name = node_name(i);
    if (s.op == Op::Dropout) return values_.push_back(in);
    const std::string out = i + 1 == steps_.size() ? "logits" : name;
    values_.push_back(out);
    switch (s.op) {
      case Op::Conv:
        return conv(s, in, name, out);
      case Op::Linear: {
        const auto& l = dynamic_cast<const Linear&>(*s.layer);
        return node("Gemm", {in, weight(name + ".weight", l.weight), weight(name + ".bias", l.bias)}, out,
                    {attribute("transB", int64_t{1})});
      }
      case Op::BatchNorm: {
        const auto& n = dynamic_cast<const BatchNorm&>(*s.layer);
        return node("BatchNormalization",
                    {in, weight(name + ".weight", n.weight), weight(name + ".bias", n.bias),
                     weight(name + ".running_mean", n.running_mean), weight(name + ".running_var", n.running_var)},
                    out, {attribute("epsilon", static_cast<float>(s.value))});
      }
      case Op::Relu:
        return node("Relu", {in}, out);
      case Op::LeakyRelu:
        return node("LeakyRelu", {in}, out, {attribute("alpha", static_cast<float>(s.value))});
      case Op::Sigmoid:
        return node("Sigmoid", {in}, out);
      case Op::Tanh:
        return node("Tanh", {in}, out);
      case Op::Gelu:
        opset_ = kOpsetWithGelu;
        return node("Gelu", {in}, out);
      case Op::MaxPool:
        return node("MaxPool", {in}, out, window(s));
      case Op::AveragePool:
        return node("AveragePool", {in}, out, window(s));
      case Op::AdaptiveAveragePool:
        return adaptive_pool(s, in, name, out);
      case Op::Flatten:
        return node("Flatten", {in}, out, {attribute("axis", int64_t{1})});
      case Op::Add:
        return node("Add", {in, value_of(s.inputs[1])}, out);
      case Op::Input:
      case Op::Dropout:
        break;
    }
  }

  void conv(const Step& s, const std::string& in, const std::string& name, const std::string& out) {
    const auto& c = dynamic_cast<const Conv&>(*s.layer);
    std::vector<std::string> inputs{in, weight(name + ".weight", c.weight)};
    if (c.bias.defined()) inputs.push_back(weight(name + ".bias", c.bias));
    auto attributes = window(s);
    attributes.push_back(attribute("group", s.groups));
    node("Conv", inputs, out, attributes);
  }

  // [size, n]: row r is the mean over its field of the n places.
  static Tensor means(int64_t n, int64_t size) {
    Tensor out = torch::zeros({size, n});
    for (int64_t r = 0; r < size; ++r) {
      const int64_t begin = r * n / size, end = ((r + 1) * n + size - 1) / size;
      out[r].slice(0, begin, end).fill_(1.0 / static_cast<double>(end - begin));
    }
    return out;
  }

  void adaptive_pool(const Step& s, const std::string& in, const std::string& name, const std::string& out) {
    const auto from = steps_[s.inputs[0]].output.sizes();
    if (s.kernel == 1) return node("GlobalAveragePool", {in}, out);
    node("MatMul", {in, weight(name + ".columns", means(from[3], s.kernel).t())}, name + ".rows_left");
    node("MatMul", {weight(name + ".rows", means(from[2], s.kernel)), name + ".rows_left"}, out);
  }

  const std::vector<Step>& steps_;
  std::vector<std::string> values_;  // the name of what each step gives
  ProtoWriter head_;
  std::deque<std::pair<std::string, Tensor>> initializers_;  // all of the field but the values, and the values
  int64_t opset_ = kOpset;
};

ProtoWriter property(const char* key, const base::OrderedJson& value) {
  return ProtoWriter().bytes(1, key).bytes(2, value.is_string() ? value.get<std::string>() : base::dump_json(value));
}

}  // namespace

void write_onnx(const std::filesystem::path& file, TrainedNet& trained) {
  const torch::NoGradGuard guard;
  const ImageShape shape = options_of(trained.run).input;
  const Tensor x = torch::zeros({1, shape.channels, shape.height, shape.width});
  trained.net->eval();
  const Recording recording(*trained.net, x, Recording::Dry);
  trained.net->forward(x);
  const Graph graph(recording.steps());
  const auto pieces = graph.pieces();
  uint64_t size = 0;
  for (const auto& piece : pieces) size += piece.size();

  ProtoWriter head;
  head.number(1, kIrVersion).bytes(2, "hanok");
  head.message(8, ProtoWriter().bytes(1, "").number(2, graph.opset()));
  head.message(14, property("model", trained.run.model)).message(14, property("class_names", trained.run.class_names));
  head.message(14, property("mean", trained.run.mean)).message(14, property("std", trained.run.std));
  head.begin_bytes(7, size);
  std::vector<std::string_view> all{head.text()};
  all.insert(all.end(), pieces.begin(), pieces.end());
  base::write_file_atomic(file, all);
}

}  // namespace hanok::vision
