// Optimizers, the loss and the loop. Golden numbers are those of PyTorch 2.15 (shared/data/golden/vision); each has a
// sister here that needs none.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <functional>

#include "base/file.h"
#include "base/json.h"
#include "hanok/context.h"
#include "hanok/error.h"
#include "train/device.h"
#include "train/loss.h"
#include "train/machine.h"
#include "train/memory.h"
#include "train/optimizer.h"
#include "train/trainer.h"
#include "train/weights.h"

namespace hanok::train {
namespace {

namespace fs = std::filesystem;
namespace nn = torch::nn;

fs::path golden() {
  const char* given = std::getenv("HANOK_TEST_DATA");
  return fs::path(given ? fs::path(given) : fs::path(HANOK_SOURCE_DIR) / ".." / "shared" / "data") /
         "golden/vision/train";
}

// ---- by hand

ParameterGroup one(torch::Tensor p) { return {.names = {"p"}, .parameters = {std::move(p)}}; }

TEST(Optimizer, OneStepOfEachByHand) {
  const auto after = [](ParameterGroup group, int steps) {
    auto p = torch::tensor({1.0f, -2.0f}).requires_grad_();
    group.names = {"p"}, group.parameters = {p};
    group.learning_rate = 0.1;
    Optimizer optimizer({group});
    for (int i = 0; i < steps; ++i) {
      p.mutable_grad() = torch::tensor({0.5f, 1.0f});
      optimizer.step([](double) { return 1.0; });
    }
    return std::pair(p[0].item<double>(), p[1].item<double>());
  };
  ParameterGroup plain{.kind = "sgd", .momentum = 0.5, .nesterov = false};
  EXPECT_NEAR(after(plain, 1).first, 1 - 0.1 * 0.5, 1e-6);
  EXPECT_NEAR(after(plain, 2).first, 1 - 0.1 * (0.5 + 0.75), 1e-6);
  ParameterGroup nesterov{.kind = "sgd", .momentum = 0.5, .nesterov = true, .weight_decay = 0.2, .decoupled = true};
  EXPECT_NEAR(after(nesterov, 1).first, 1 * (1 - 0.02) - 0.1 * (0.5 + 0.25), 1e-6);
  nesterov.decoupled = false;  // g = 0.5 + 0.2 * 1
  EXPECT_NEAR(after(nesterov, 1).first, 1 - 0.1 * (0.7 + 0.35), 1e-6);
  EXPECT_NEAR(after({.kind = "adam"}, 1).second, -2 - 0.1, 1e-5) << "the first step is as long as the rate";
  EXPECT_NEAR(after({.kind = "rmsprop"}, 1).first, 1 - 0.1 * 0.5 / std::sqrt(0.01 * 0.25), 1e-4);
  EXPECT_THROW(Optimizer({ParameterGroup{.kind = "sdg"}}), Error);
}

// Two layers, of which the first is used twice, and a parameter that the loss does not depend on.
TEST(Optimizer, StepsWithinBackwardAreThoseAfterIt) {
  for (const char* kind : {"sgd", "adam", "rmsprop", "muon"}) {
    const auto after = [&](bool within) {
      torch::manual_seed(4);
      auto a = torch::randn({4, 4}), b = torch::randn({4, 3}), unused = torch::randn({2});
      for (auto& p : {a, b, unused}) p.requires_grad_();
      ParameterGroup group{.kind = kind, .learning_rate = 0.05, .weight_decay = 0.01};
      group.names = {"a", "b", "unused"}, group.parameters = {a, b, unused};
      Optimizer optimizer({group});
      const torch::Tensor x = torch::randn({5, 4});
      const auto half = [](double) { return 0.5; };
      for (int i = 0; i < 3; ++i) {
        const torch::Tensor loss = x.mm(a).tanh().mm(a).mm(b).square().sum();
        if (within) {
          optimizer.backward_and_step(loss, half);
        } else {
          loss.backward();
          optimizer.step(half);
          optimizer.zero_grad();
        }
        for (const auto& p : {a, b, unused}) EXPECT_FALSE(p.grad().defined()) << kind;
      }
      x.mm(a).sum().backward();
      EXPECT_TRUE(a.grad().defined()) << "nothing is left that takes it away";
      std::vector<torch::Tensor> out = {a.detach(), b.detach(), unused.detach()};
      for (const auto& [name, t] : optimizer.state()) out.push_back(t);
      return out;
    };
    const auto expected = after(false), got = after(true);
    ASSERT_EQ(got.size(), expected.size());
    for (size_t i = 0; i < got.size(); ++i) EXPECT_TRUE(torch::equal(got[i], expected[i])) << kind << " " << i;
  }
}

TEST(Optimizer, MuonsStepIsNearlyOrthogonal) {
  torch::manual_seed(1);
  for (const auto& shape : {std::pair(8, 20), std::pair(20, 8)}) {
    const auto o = orthogonal(torch::randn({shape.first, shape.second}), 5);
    const auto s = std::get<1>(torch::svd(o));
    EXPECT_GT(s.min().item<double>(), 0.3);
    EXPECT_LT(s.max().item<double>(), 1.3);
  }
  auto p = torch::randn({4, 2, 3, 3}).requires_grad_();
  ParameterGroup group = one(p);
  group.kind = "muon", group.learning_rate = 0;
  Optimizer optimizer({group});
  p.mutable_grad() = torch::randn_like(p);
  optimizer.step([](double) { return 1.0; });
  EXPECT_NEAR(p.norm().item<double>(), 2, 1e-5) << "as long as the root of its rows";
}

TEST(Loss, SmoothingWeightsAndIgnoredRows) {
  const auto logits = torch::tensor({{2.0f, 0.0f}, {0.0f, 1.0f}});
  const auto y = torch::tensor({0, 0}, torch::kLong);
  const auto nll = [](double of, double other) { return -of + std::log(std::exp(of) + std::exp(other)); };
  EXPECT_NEAR(cross_entropy(logits, y, {}).item<double>(), nll(2, 0) + nll(0, 1), 1e-6);
  EXPECT_NEAR(cross_entropy(logits, y, {.label_smoothing = 0.2}).item<double>(),
              0.9 * (nll(2, 0) + nll(0, 1)) + 0.1 * (nll(0, 2) + nll(1, 0)), 1e-6);
  EXPECT_NEAR(cross_entropy(logits, y, {.class_weights = torch::tensor({3.0f, 1.0f})}).item<double>(),
              3 * (nll(2, 0) + nll(0, 1)), 1e-5);
  EXPECT_NEAR(cross_entropy(logits, torch::tensor({0, -100}, torch::kLong), {}).item<double>(), nll(2, 0), 1e-6);
}

// ---- golden

struct GoldenNet : nn::Module {
  nn::Conv2d conv1{nn::Conv2dOptions(3, 8, 3).padding(1).bias(false)};
  nn::BatchNorm2d bn1{8};
  nn::Conv2d conv2{nn::Conv2dOptions(8, 12, 3).stride(2).padding(1).bias(false)};
  nn::BatchNorm2d bn2{12};
  nn::Linear fc{12, 10};
  GoldenNet() {
    register_module("conv1", conv1), register_module("bn1", bn1), register_module("conv2", conv2);
    register_module("bn2", bn2), register_module("fc", fc);
  }
  torch::Tensor forward(torch::Tensor x) {
    x = torch::relu(bn1(conv1(x)));
    x = torch::relu(bn2(conv2(x)));
    return fc(x.mean({2, 3}));
  }
};

NamedTensors under(const NamedTensors& all, const std::string& prefix) {
  NamedTensors out;
  for (const auto& [name, t] : all)
    if (name.starts_with(prefix)) out.emplace_back(name.substr(prefix.size()), t);
  return out;
}
torch::Tensor find(const NamedTensors& all, const std::string& name) {
  for (const auto& [key, t] : all)
    if (key == name) return t;
  ADD_FAILURE() << name;
  return {};
}

TEST(Optimizer, CurvesAreThoseOfPyTorch) {
  if (!fs::exists(golden())) GTEST_SKIP() << golden();
  const NamedTensors all = load_tensors(golden() / "train.safetensors");
  const base::Json expected = base::parse_json(base::read_file(golden() / "expected.json"), "expected.json");
  const auto group = [](const std::string& kind) -> ParameterGroup {
    ParameterGroup g{.kind = "sgd", .learning_rate = 0.1, .momentum = 0.9};
    if (kind == "nesterov_decoupled") g.weight_decay = 0.01, g.decoupled = true;
    if (kind == "nesterov_l2") g.weight_decay = 0.01;
    if (kind == "sgd_momentum") g.nesterov = false;
    if (kind == "adam") g.kind = "adam", g.learning_rate = 0.01, g.beta1 = 0.5;
    if (kind == "adamw") g.kind = "adam", g.learning_rate = 0.01, g.weight_decay = 0.1, g.decoupled = true;
    if (kind == "rmsprop") g.kind = "rmsprop", g.learning_rate = 0.005;
    return g;
  };
  for (const std::string kind : {"nesterov_decoupled", "nesterov_l2", "sgd_momentum", "adam", "adamw", "rmsprop"}) {
    GoldenNet net;
    load_state(net, under(all, "start."), "golden");
    // In rmsprop's tenth step a value in front of a relu is 2.7e-7: less than what float32 rounds, so that threads that
    // add in another order find it on the other side of 0, and one weight is .011 off. Double is not that near.
    const auto type = kind == "rmsprop" ? torch::kFloat64 : torch::kFloat32;
    net.to(type);
    ParameterGroup g = group(kind);
    for (const auto& item : net.named_parameters()) g.names.push_back(item.key()), g.parameters.push_back(item.value());
    Optimizer optimizer({g});
    const auto x = find(all, "x").to(type), y = find(all, "y");
    for (size_t i = 0; i < 10; ++i) {
      optimizer.zero_grad();
      const auto loss = cross_entropy(net.forward(x), y, {.label_smoothing = 0.1}) / 16;
      loss.backward();
      const double want = expected.at(kind).at("loss").at(i);
      EXPECT_NEAR(loss.item<double>(), want, 1e-5 * want) << kind << " step " << i;
      optimizer.step([](double) { return 1.0; });
    }
    for (const auto& [name, t] : under(all, "after10." + kind + "."))
      EXPECT_LT((find(state_of(net), name) - t).abs().max().item<double>(), 2e-5) << kind << " " << name;
    net.eval();
    EXPECT_LT((net.forward(x) - find(all, "eval_logits." + kind)).abs().max().item<double>(), 1e-4) << kind;
  }
}

TEST(Loss, IsThatOfPyTorch) {
  if (!fs::exists(golden())) GTEST_SKIP() << golden();
  const NamedTensors all = load_tensors(golden() / "train.safetensors");
  const base::Json expected = base::parse_json(base::read_file(golden() / "expected.json"), "expected.json");
  const auto y = find(all, "ce.target"), w = find(all, "ce.class_weight");
  for (const auto& row : expected.at("cross_entropy")) {
    const double s = row.at("label_smoothing");
    auto logits = find(all, "ce.logits").clone().requires_grad_();
    const auto loss = cross_entropy(logits, y, {.label_smoothing = s});
    EXPECT_NEAR(loss.item<double>(), row.at("sum").get<double>(), 1e-4);
    (loss / 8).backward();
    const std::string name = "ce.grad." + std::string(s == 0 ? "0.0" : s < 0.15 ? "0.1" : "0.2");
    EXPECT_LT((logits.grad() - find(all, name)).abs().max().item<double>(), 1e-6);
    const double weights = w.index_select(0, y).sum().item<double>();
    EXPECT_NEAR(cross_entropy(logits, y, {.label_smoothing = s, .class_weights = w}).item<double>() / weights,
                row.at("weighted_mean").get<double>(), 1e-5);
    auto some = y.clone();
    some.narrow(0, 0, 2).fill_(-100);
    EXPECT_NEAR(cross_entropy(logits, some, {.label_smoothing = s}).item<double>() / 6,
                row.at("ignore_index_first").get<double>(), 1e-5);
  }
}

// ---- the loop

// Learns a line through noise, with dropout: what a step draws at random shows in the result.
class Line : public Task {
 public:
  Line() {
    torch::manual_seed(3);
    net_->push_back(nn::Linear(4, 8));
    net_->push_back(nn::Dropout(0.3));
    net_->push_back(nn::BatchNorm1d(8));
    net_->push_back(nn::Linear(8, 2));
  }
  nn::Module& module() override { return *net_; }
  std::vector<ParameterGroup> groups() override {
    ParameterGroup g{.kind = "adam", .learning_rate = 0.01};
    for (const auto& item : net_->named_parameters())
      g.names.push_back(item.key()), g.parameters.push_back(item.value());
    return {g};
  }
  size_t steps_per_epoch() const override { return 7; }
  StepResult step(size_t epoch, size_t step, double /*progress*/) override {
    if (before_step) before_step(epoch * 7 + step);
    const auto x = torch::randn({6, 4});
    const auto y = (x.select(1, 0) > 0).to(torch::kLong);
    const auto logits = net_->forward(x);
    const auto loss = cross_entropy(logits, y, {}) * (epoch * 7 + step == nan_at ? NAN : 1.0);
    StepResult out;
    out.loss = loss / 6, out.loss_sum = loss.item<double>(), out.examples = 6;
    out.correct = (logits.argmax(1) == y).sum().item<double>();
    return out;
  }
  Evaluation evaluate(bool) override {
    if (before_test) before_test();
    return {.loss = test_loss, .accuracy = accuracies.empty() ? 0.5 : accuracies.at(at_++)};
  }
  void save(const fs::path& folder) override { save_tensors(folder / "model.safetensors", state_of(*net_)); }

  std::function<void(size_t)> before_step;
  std::function<void()> before_test;
  size_t nan_at = 1000;
  double test_loss = 1;
  std::vector<double> accuracies;

 private:
  nn::Sequential net_;
  size_t at_ = 0;
};

std::string bytes_of(const fs::path& folder) { return base::read_file(folder / "model.safetensors"); }

// Stops the run before step `at`, as Ctrl-C does, and lets it go on.
void stop_and_resume(TrainOptions options, size_t at) {
  CancelSource stop;
  {
    Line task;
    task.before_step = [&](size_t step) {
      if (step == at) stop.cancel();
    };
    const Context::Scope scope(Context().with_cancel(stop));
    EXPECT_THROW(train(task, options), Error);
  }
  Line task;
  options.resume = true;
  train(task, options);
}

TEST(Trainer, ARunThatWasStoppedEndsWithTheSameBytes) {
  for (const std::string averaging : {"none", "ema", "lookahead"}) {
    const base::TempFolder temp;
    TrainOptions o{.folder = temp.path() / "whole", .epochs = 3, .seed = 5};
    o.averaging = {.kind = averaging, .decay = 0.9, .every = 2};
    o.clip = 1;
    Line whole;
    const auto result = train(whole, o);
    EXPECT_EQ(result.epochs, 3);
    for (const size_t at : {0u, 3u, 7u, 12u}) {
      o.folder = temp.path() / ("stopped" + std::to_string(at));
      stop_and_resume(o, at);
      EXPECT_EQ(bytes_of(o.folder), bytes_of(temp.path() / "whole")) << averaging << " stopped at " << at;
    }
    o.folder = temp.path() / "other", o.seed = 6;
    Line other;
    train(other, o);
    EXPECT_NE(bytes_of(o.folder), bytes_of(temp.path() / "whole")) << "another seed is another run";
  }
}

// The clock may ask for a checkpoint after any step, and the run may be killed while it is tried.
TEST(Trainer, ARunThatEndsWhileItIsTriedIsTriedAgain) {
  const base::TempFolder temp;
  TrainOptions o{.folder = temp.path() / "whole", .epochs = 2, .seed = 5};
  Line whole;
  train(whole, o);
  o.folder = temp.path() / "killed", o.checkpoint_seconds = 0;
  Line killed;
  killed.before_test = [tests = 0]() mutable {
    if (++tests == 2) throw Error(Code::Internal, "the machine is gone");
  };
  EXPECT_THROW(train(killed, o), Error);
  o.resume = true;
  Line again;
  EXPECT_EQ(train(again, o).epochs, 2);
  EXPECT_EQ(bytes_of(o.folder), bytes_of(temp.path() / "whole")) << "the last epoch is tried and kept";
  const std::string csv = base::read_file(o.folder / "metrics.csv");
  EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), 3) << csv;
}

TEST(Trainer, ResumingNeedsACheckpointOfTheSameRun) {
  const base::TempFolder temp;
  TrainOptions o{.folder = temp.path() / "run", .epochs = 1, .resume = true, .fingerprint = "a"};
  Line task;
  try {
    train(task, o);
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), Code::NotFound);
  }
  o.resume = false;
  train(task, o);
  o.resume = true, o.fingerprint = "b";
  try {
    train(task, o);
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), Code::Invalid) << e.what();
  }
  const auto file = o.folder / "checkpoint" / "last.safetensors";
  base::write_file_atomic(file, base::read_file(file).substr(0, 500));
  o.fingerprint = "a";
  EXPECT_THROW(train(task, o), Error);
}

// A checkpoint of many gigabytes: what it was computed in stands in its head.
TEST(Trainer, APrecisionIsFoundInTheHeadOfACheckpointAlone) {
  const base::TempFolder temp;
  const auto file = temp.path() / "checkpoint" / "last.safetensors";
  fs::create_directories(file.parent_path());
  constexpr size_t kBytes = size_t{1} << 40;
  const std::string head = R"({"__metadata__":{"fingerprint":"net bf16 seed 1"},"w":{"dtype":"U8","shape":[)" +
                           std::to_string(kBytes) + R"(],"data_offsets":[0,)" + std::to_string(kBytes) + "]}}";
  const uint64_t length = head.size();
  base::write_file_atomic(file, std::string(reinterpret_cast<const char*>(&length), sizeof length) + head);
  fs::resize_file(file, sizeof length + length + kBytes);  // a hole, which takes no disk
  EXPECT_EQ(precision_to_resume("auto", temp.path()), "bf16");
  EXPECT_EQ(precision_to_resume("float32", temp.path()), "float32");
}

TEST(Trainer, ARunWhoseTestLossIsNoNumberGoesOn) {
  const base::TempFolder temp;
  TrainOptions o{.folder = temp.path() / "run", .epochs = 1};
  Line task;
  task.test_loss = NAN;
  train(task, o);
  o.epochs = 2, o.resume = true;
  Line again;
  EXPECT_EQ(train(again, o).epochs, 2);
  const std::string csv = base::read_file(o.folder / "metrics.csv");
  EXPECT_NE(csv.find("nan"), std::string::npos) << "of the first epoch: " << csv;
}

TEST(Trainer, ACheckpointWithHalfAnAverageIsRefused) {
  const base::TempFolder temp;
  TrainOptions o{.folder = temp.path() / "run", .epochs = 1, .averaging = {.kind = "ema"}};
  Line task;
  train(task, o);
  const auto file = o.folder / "checkpoint" / "last.safetensors";
  std::map<std::string, std::string> metadata;
  NamedTensors all = load_tensors(file, &metadata);
  ASSERT_TRUE(all.back().first.starts_with("average."));
  all.pop_back();
  save_tensors(file, all, metadata);
  o.epochs = 2, o.resume = true;
  try {
    train(task, o);
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), Code::Corrupt) << e.what();
    EXPECT_NE(std::string(e.what()).find("last.safetensors"), std::string::npos) << e.what();
  }
}

TEST(Trainer, ALossThatIsNoNumberKeepsTheLastGoodCheckpoint) {
  const base::TempFolder temp;
  TrainOptions o{.folder = temp.path() / "run", .epochs = 3};
  Line task;
  task.nan_at = 9;
  try {
    train(task, o);
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), Code::Invalid);
    EXPECT_NE(std::string(e.what()).find("step 10"), std::string::npos) << e.what();
    EXPECT_NE(std::string(e.what()).find("checkpoint of step 7"), std::string::npos) << e.what();
  }
  Line again;
  o.resume = true;
  train(again, o);
  Line whole;
  const base::TempFolder other;
  train(whole, {.folder = other.path() / "run", .epochs = 3});
  EXPECT_EQ(bytes_of(o.folder), bytes_of(other.path() / "run"));
}

TEST(Trainer, TargetPatienceAndTheBestEpoch) {
  const base::TempFolder temp;
  Line task;
  task.accuracies = {0.5, 0.9, 0.6, 0.7};
  const auto reached = train(task, {.folder = temp.path() / "target", .epochs = 4, .target = 0.85});
  EXPECT_TRUE(reached.reached);
  EXPECT_EQ(reached.epochs, 2);
  Line tired;
  tired.accuracies = {0.5, 0.9, 0.6, 0.7, 0.7};
  const auto best = train(tired, {.folder = temp.path() / "patience", .epochs = 5, .patience = 2, .keep_best = true});
  EXPECT_EQ(best.epochs, 4);
  EXPECT_EQ(best.test.accuracy, 0.9);
  Line last;
  last.accuracies = {0.9, 0.6};
  EXPECT_EQ(train(last, {.folder = temp.path() / "last", .epochs = 2}).test.accuracy, 0.6);
}

TEST(Trainer, ARunThatHasEndedEarlyStaysEnded) {
  const base::TempFolder temp;
  TrainOptions target{.folder = temp.path() / "target", .epochs = 4, .target = 0.85};
  TrainOptions patience{.folder = temp.path() / "patience", .epochs = 5, .patience = 2, .keep_best = true};
  for (TrainOptions o : {target, patience}) {
    Line task;
    task.accuracies = {0.5, 0.9, 0.6, 0.7, 0.7};
    const auto ended = train(task, o);
    o.resume = true;
    Line again;
    again.before_step = [](size_t step) { ADD_FAILURE() << "step " << step << " of a run that has ended"; };
    const auto same = train(again, o);
    EXPECT_EQ(same.epochs, ended.epochs);
    EXPECT_EQ(same.test.accuracy, 0.9);
    EXPECT_EQ(same.reached, ended.reached);
  }
}

TEST(Trainer, AccumulatedBatchesAreOneStep) {
  const base::TempFolder temp;
  Line task;
  TrainOptions o{.folder = temp.path() / "run", .epochs = 2, .accumulate = 3, .checkpoint_seconds = 0, .seed = 5};
  train(task, o);
  // In the middle of a step: it goes on from the one before. The first epoch ends within one, too.
  for (const size_t at : {7u, 8u, 9u}) {
    o.folder = temp.path() / ("stopped" + std::to_string(at));
    stop_and_resume(o, at);
    EXPECT_EQ(bytes_of(o.folder), bytes_of(temp.path() / "run")) << "stopped at " << at;
  }
}

TEST(Memory, IsCountedPredictedAndRefused) {
  constexpr uint64_t kMega = 1 << 20;
  const auto work = [] {
    const auto a = torch::empty({1 << 18});  // 1 MiB
    { const auto b = torch::empty({1 << 19}); }
    const auto c = torch::empty({1 << 18});
  };
  EXPECT_EQ(peak_of(work), 3 * kMega);
  EXPECT_EQ(predict(10 + 2 * 7, 10 + 6 * 7, 100), 710u);
  check_memory(700, 100, 10, 700);
  check_memory(700, 100, 10, 0);  // the system does not say
  try {
    check_memory(700 * kMega, 100 * kMega, 10, 400 * kMega);
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), Code::Exhausted);
    EXPECT_NE(std::string(e.what()).find("--batch 5"), std::string::npos) << e.what();
  }
  EXPECT_THROW(check_memory(700, 600, 10, 400), Error);
}

TEST(Machine, PrecisionIsChosenOrRefused) {
  EXPECT_EQ(choose_precision("float32"), Precision::Float32);
  EXPECT_THROW(choose_precision("half"), Error);
  const auto x = torch::randn({1, 3, 8, 8}), w = torch::randn({4, 3, 3, 3});
  {
    const Autocast on(true);
    EXPECT_EQ(torch::conv2d(x, w).scalar_type(), torch::kBFloat16);
  }
  EXPECT_EQ(torch::conv2d(x, w).scalar_type(), torch::kFloat);
  const double share = share_of_core(0.02);
  EXPECT_GT(share, 0);
  EXPECT_LE(share, 1);
}

// What the error of `work` says.
std::string refusal(const std::function<void()>& work, Code code) {
  try {
    work();
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), code) << e.what();
    return e.what();
  }
  ADD_FAILURE() << "nothing was refused";
  return "";
}

TEST(Device, WordsAndNumbers) {
  EXPECT_TRUE(choose_device("cpu").is_cpu());
  for (const char* name : {"", "gpu", "cuda:", "cuda:x", "cuda:-1", "cuda:1.5", "CPU"})
    EXPECT_NE(refusal([&] { choose_device(name); }, Code::Invalid).find("cuda:NUMBER"), std::string::npos) << name;
}

TEST(Device, WithoutAGpuWhatIsMissingIsNamed) {
  if (torch::cuda::is_available()) GTEST_SKIP() << "here is one";
  EXPECT_TRUE(choose_device("auto").is_cpu());
  for (const char* name : {"cuda", "cuda:0", "cuda:7"}) {
    const std::string said = refusal([&] { choose_device(name); }, Code::Unsupported);
    EXPECT_NE(said.find(std::string("--device ") + name + ": "), std::string::npos) << said;
#ifdef HANOK_TORCH_HAS_CUDA
    EXPECT_NE(said.find("an NVIDIA GPU and its driver"), std::string::npos) << said;
#else
    EXPECT_NE(said.find("a libtorch for CPUs only"), std::string::npos) << said;
#endif
  }
}

TEST(Device, AGpuIsThereWhereLibtorchSaysSo) {
  if (!torch::cuda::is_available()) GTEST_SKIP() << "no GPU";
  EXPECT_TRUE(choose_device("auto").is_cuda());
  EXPECT_EQ(choose_device("cuda:0").index(), 0);
  const auto beyond = "cuda:" + std::to_string(torch::cuda::device_count());
  EXPECT_NE(refusal([&] { choose_device(beyond); }, Code::Invalid).find("there are"), std::string::npos);
}

}  // namespace
}  // namespace hanok::train
