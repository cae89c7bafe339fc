#include "vision/models/trained.h"

#include <gtest/gtest.h>

#include "base/file.h"
#include "hanok/error.h"
#include "nn/safetensors_writer.h"
#include "train/weights.h"
#include "vision/models/layers.h"
#include "vision/models/rule_weights.h"

namespace hanok::vision {
namespace {

nn::VisionRun small_run() {
  nn::VisionRun run;
  run.model = "resnet20";
  run.class_names = {"cat", "dog", "bird"};
  run.channels = 1;
  run.height = run.width = 16;
  run.mean = {.5f};
  run.std = {.25f};
  run.parameters = 1;
  return run;
}

std::string message_of(torch::nn::Module& net, const std::filesystem::path& file) {
  try {
    load_weights(net, nn::Weights::open_file(file));
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), Code::Corrupt);
    return e.what();
  }
  return "";
}

TEST(Trained, ARunComesBackTheSame) {
  const base::TempFolder temp;
  const auto net = make_model(options_of(small_run()));
  fill_by_rule(*net, 5);
  net->eval();
  write_vision_run(temp.path(), small_run());
  for (auto& p : net->parameters())
    if (p.dim() == 4) p.set_data(p.contiguous(torch::MemoryFormat::ChannelsLast));
  save_weights(temp.path() / "model.safetensors", *net);
  const auto again = open_run(temp.path());
  EXPECT_FALSE(again.net->is_training());
  EXPECT_EQ(again.run.class_names[1], "dog");
  const torch::NoGradGuard guard;
  const Tensor x = rule_input({2, 1, 16, 16}, 5);
  EXPECT_TRUE(torch::allclose(again.net->forward(x), net->forward(x), 1e-5, 1e-6));
  const auto before = train::state_of(*net), after = train::state_of(*again.net);
  for (size_t i = 0; i < before.size(); ++i)
    EXPECT_TRUE(torch::equal(before[i].second, after[i].second)) << before[i].first;
}

TEST(Trained, WhatPyTorchSavedIsLoaded) {
  const auto data = std::filesystem::path(HANOK_SOURCE_DIR) / "tests" / "data" / "torch";
  struct Two : torch::nn::Module {  // torch.nn.Sequential(Conv2d(1, 2, 3), BatchNorm2d(2))
    Two() {
      register_module("0", std::make_shared<Conv>(1, 2, ConvOptions{.kernel = 3}));
      register_module("1", std::make_shared<BatchNorm>(2));
    }
  } two;
  load_weights(two, nn::Weights::open_file(data / "ckpt.pth"));
  const float first = train::state_of(two)[0].second.flatten()[0].item<float>();
  EXPECT_NE(first, 0);
  EXPECT_LE(std::abs(first), 1.f / 3);
  EXPECT_NE(message_of(two, data / "new.pth").find("'0.weight' is missing"), std::string::npos);
}

TEST(Trained, ClassesAndChannelsAreReadOffTheWeights) {
  const base::TempFolder temp;
  const auto file = temp.path() / "w.safetensors";
  const auto net = make_model({.name = "resnet18", .classes = 7, .input = {1, 40, 40}, .small_input = true});
  save_weights(file, *net);
  const auto adopted = adopt_weights("resnet18", true, file, 40);
  EXPECT_EQ(adopted.run.class_names.size(), 7u);
  EXPECT_EQ(adopted.run.class_names[6], "6");
  EXPECT_EQ(adopted.run.channels, 1u);
  EXPECT_EQ(adopted.run.height, 40u);
  save_run(temp.path() / "run", adopted);
  EXPECT_EQ(open_run(temp.path() / "run").run.parameters, static_cast<size_t>(count_parameters(*net)));
  EXPECT_THROW(adopt_weights("resnet18", true, file, 40, {"a", "b"}), Error) << "two names for seven classes";
  EXPECT_THROW(adopt_weights("resnet18", false, file), Error) << "the stem is another";
  EXPECT_THROW(adopt_weights("vgg16", false, file), Error);
}

TEST(Trained, OtherWeightsAreRefusedByName) {
  const base::TempFolder temp;
  const auto file = temp.path() / "w.safetensors";
  save_weights(file, *make_model({.name = "lenet", .classes = 5, .input = {1, 28, 28}}));
  const auto ten = make_model({.name = "lenet", .classes = 10, .input = {1, 28, 28}});
  EXPECT_NE(message_of(*ten, file).find("tensor '11.weight' is [5, 84] F32, expected [10, 84]"), std::string::npos)
      << message_of(*ten, file);
  const auto other = make_model({.name = "cnn", .classes = 5, .input = {1, 28, 28}});
  EXPECT_NE(message_of(*other, file).find("is missing"), std::string::npos);

  // One more than the net has; and DataParallel's names.
  std::vector<nn::Tensor> tensors;
  const auto state = train::state_of(*ten);
  std::vector<std::string> names;
  for (const auto& [name, t] : state)
    tensors.push_back({.name = "module." + name,
                       .shape = {t.sizes().begin(), t.sizes().end()},
                       .bytes = {static_cast<const std::byte*>(t.data_ptr()), t.nbytes()}});
  nn::write_safetensors(file, tensors);
  EXPECT_EQ(message_of(*ten, file), "");
  tensors.push_back(tensors[1]);
  tensors.back().name = "module.extra";
  nn::write_safetensors(file, tensors);
  EXPECT_NE(message_of(*ten, file).find("tensor 'module.extra' is none of this net's"), std::string::npos);
}

}  // namespace
}  // namespace hanok::vision
