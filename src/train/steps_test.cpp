// What the loop makes of gradients, by hand: a task whose gradient is the same in every step.
#include <gtest/gtest.h>

#include "base/file.h"
#include "train/trainer.h"
#include "train/weights.h"

namespace hanok::train {
namespace {

constexpr double kRate = 0.1;

// loss = 3 p0 + 4 p1, so that the gradient is (3, 4), which is 5 long; p begins at 0.
class Slope : public Task {
 public:
  struct Module : torch::nn::Module {
    Module() { p = register_parameter("p", torch::zeros({2})); }
    torch::Tensor p;
  };
  explicit Slope(size_t steps) : steps_(steps) {}
  torch::nn::Module& module() override { return module_; }
  std::vector<ParameterGroup> groups() override {
    ParameterGroup g{.kind = "sgd", .learning_rate = kRate, .momentum = 0, .nesterov = false};
    g.names = {"p"}, g.parameters = {module_.p};
    return {g};
  }
  size_t steps_per_epoch() const override { return steps_; }
  StepResult step(size_t, size_t step, double) override {
    StepResult out;
    // Every other step is twice as steep: batches differ.
    out.loss = (module_.p * torch::tensor({3.0f, 4.0f})).sum() * (step % 2 ? 2.0 : 1.0);
    out.loss_sum = out.loss.item<double>(), out.examples = 1;
    return out;
  }
  Evaluation evaluate(bool) override {
    seen = p0();
    return {.loss = 1, .accuracy = 0.5};
  }
  void save(const std::filesystem::path&) override { saved = p0(); }
  double p0() const { return module_.p[0].item<double>(); }

  double seen = 0, saved = 0;  // p0 where the task is tried, and where it is kept

 private:
  Module module_;
  size_t steps_;
};

TrainOptions constant(const base::TempFolder& temp) {
  TrainOptions o{.folder = temp.path() / "run", .epochs = 1};
  o.schedule.kind = "constant";
  return o;
}

TEST(Steps, LongGradientsAreCut) {
  const base::TempFolder temp;
  TrainOptions o = constant(temp);
  Slope free(1);
  train(free, o);
  EXPECT_NEAR(free.p0(), -kRate * 3, 1e-6);
  o.folder = temp.path() / "cut", o.clip = 1;
  Slope cut(1);
  train(cut, o);
  EXPECT_NEAR(cut.p0(), -kRate * 3 / 5, 1e-6) << "as long as 1, in the same direction";
  o.folder = temp.path() / "short", o.clip = 6;
  Slope whole(1);
  train(whole, o);
  EXPECT_NEAR(whole.p0(), -kRate * 3, 1e-6) << "a shorter one is left alone";
}

TEST(Steps, AccumulatedGradientsAreTheirMean) {
  const base::TempFolder temp;
  TrainOptions o = constant(temp);
  o.accumulate = 2;
  Slope task(4);
  train(task, o);
  EXPECT_NEAR(task.p0(), -kRate * 2 * (3 + 6) / 2, 1e-6) << "two steps of a mean of 4.5";
}

TEST(Steps, TheAverageIsTriedAndKept) {
  const base::TempFolder temp;
  TrainOptions o = constant(temp);
  o.averaging = {.kind = "ema", .decay = 0.5};
  Slope task(2);
  train(task, o);
  const double first = -kRate * 3, second = first - kRate * 6;
  EXPECT_NEAR(task.seen, 0.5 * (0.5 * first) + 0.5 * second, 1e-6);
  EXPECT_EQ(task.saved, task.seen);
  EXPECT_NEAR(task.p0(), second, 1e-6) << "what learns is not changed by it";
}

TEST(Steps, TheFirstAveragesForgetTheBeginning) {
  const base::TempFolder temp;
  TrainOptions o = constant(temp);
  o.averaging = {.kind = "ema", .decay = 0.999, .warms_up = true};
  Slope task(2);
  train(task, o);
  const double first = -kRate * 3, second = first - kRate * 6, one = 2.0 / 11, two = 3.0 / 12;
  EXPECT_NEAR(task.seen, two * (1 - one) * first + (1 - two) * second, 1e-6);
}

TEST(Steps, LookaheadGoesBackToTheAverage) {
  const base::TempFolder temp;
  TrainOptions o = constant(temp);
  o.averaging = {.kind = "lookahead", .decay = 0.5, .every = 2};
  Slope task(2);
  train(task, o);
  EXPECT_NEAR(task.p0(), 0.5 * -kRate * (3 + 6), 1e-6) << "half way to where two steps led";
}

}  // namespace
}  // namespace hanok::train
