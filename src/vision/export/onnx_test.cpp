#include "vision/export/onnx.h"

#include <gtest/gtest.h>

#include <map>

#include "base/byte_reader.h"
#include "base/file.h"
#include "vision/models/layers.h"

namespace hanok::vision {
namespace {

// A message as field number -> values, read by the rules of protocol buffers alone: nothing is shared with the writer.
struct Message {
  std::map<uint64_t, std::vector<std::string>> texts;
  std::map<uint64_t, std::vector<uint64_t>> numbers;

  explicit Message(const std::string& bytes) {
    base::ByteReader in(bytes, "onnx");
    while (in.left() > 0) {
      const uint64_t key = in.varint("key");
      if (key % 8 == 0)
        numbers[key / 8].push_back(in.varint("number"));
      else if (key % 8 == 5)
        numbers[key / 8].push_back(in.read<uint32_t>("float"));
      else
        texts[key / 8].emplace_back(in.take(in.varint("length"), "bytes"));
    }
  }
  Message in(uint64_t field, size_t i = 0) const { return Message(texts.at(field).at(i)); }
};

Message exported(const std::string& model, const ImageShape& shape, bool small) {
  const base::TempFolder temp;
  TrainedNet trained;
  trained.run.model = model;
  trained.run.variant = small ? "cifar" : "imagenet";
  trained.run.class_names = {"a", "b"};
  trained.run.channels = static_cast<size_t>(shape.channels);
  trained.run.height = static_cast<size_t>(shape.height);
  trained.run.width = static_cast<size_t>(shape.width);
  trained.net = make_model(options_of(trained.run));
  write_onnx(temp.path() / "net.onnx", trained);
  return Message(base::read_file(temp.path() / "net.onnx"));
}

std::map<std::string, int> kinds(const Message& graph) {
  std::map<std::string, int> out;
  for (const auto& node : graph.texts.at(1)) ++out[Message(node).texts.at(4)[0]];
  return out;
}

TEST(Onnx, LeNetsGraph) {
  const Message model = exported("lenet", {1, 28, 28}, false);
  EXPECT_EQ(model.numbers.at(1)[0], 8u);
  EXPECT_EQ(model.in(8).numbers.at(2)[0], 17u) << "opset";
  const Message graph = model.in(7);
  EXPECT_EQ(kinds(graph),
            (std::map<std::string, int>{{"Conv", 2}, {"Tanh", 4}, {"AveragePool", 2}, {"Flatten", 1}, {"Gemm", 3}}));
  EXPECT_EQ(graph.texts.at(5).size(), 10u) << "initializers";
  const Message first = graph.in(5);
  EXPECT_EQ(first.texts.at(8)[0], "0.weight");
  EXPECT_EQ(first.numbers.at(1), (std::vector<uint64_t>{6, 1, 5, 5}));
  EXPECT_EQ(first.texts.at(9)[0].size(), 150 * sizeof(float));
  const Message conv = graph.in(1);
  EXPECT_EQ(conv.texts.at(1), (std::vector<std::string>{"input", "0.weight", "0.bias"}));
  EXPECT_EQ(graph.in(11).texts.at(1)[0], "input");
  EXPECT_EQ(graph.in(12).texts.at(1)[0], "logits");
}

// Every input of a node is the graph's, an initializer, or the output of a node before it; names are used once.
TEST(Onnx, EveryNameIsKnownBeforeItIsUsed) {
  const struct {
    const char* model;
    ImageShape shape;
    bool small;
  } cases[] = {{"resnet20", {3, 32, 32}, false},
               {"cnn", {1, 28, 28}, false},
               {"alexnet", {3, 64, 64}, true},
               {"lenet_relu", {1, 30, 26}, false}};
  for (const auto& c : cases) {
    const Message graph = exported(c.model, c.shape, c.small).in(7);
    std::map<std::string, int> known{{"input", 1}};
    for (const auto& t : graph.texts.at(5)) ++known[Message(t).texts.at(8)[0]];
    for (const auto& n : graph.texts.at(1)) {
      const Message node(n);
      for (const auto& input : node.texts.at(1)) EXPECT_TRUE(known.count(input)) << c.model << ": " << input;
      for (const auto& output : node.texts.at(2)) EXPECT_EQ(++known[output], 1) << c.model << ": " << output;
    }
    EXPECT_TRUE(known.count("logits")) << c.model;
    EXPECT_EQ(kinds(graph).count("Dropout"), 0u);
  }
}

}  // namespace
}  // namespace hanok::vision
