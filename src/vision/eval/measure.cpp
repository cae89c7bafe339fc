#include "vision/eval/measure.h"

#include <torch/nn/functional/loss.h>

#include <limits>

#include "base/clock.h"
#include "base/memory.h"
#include "base/threads.h"
#include "train/device.h"
#include "train/machine.h"
#include "train/memory.h"
#include "train/optimizer.h"
#include "vision/models/fold.h"
#include "vision/models/summary.h"
#include "vision/trial.h"

namespace hanok::vision {
namespace {

template <typename Step>
double images_per_second(const MeasureOptions& options, const Step& step) {
  step();
  train::finish(options.device);
  const base::Stopwatch watch;
  size_t steps = 0;
  do {
    base::check_interrupt();
    step();
    train::finish(options.device);
    ++steps;
  } while (watch.seconds() < options.seconds);
  return static_cast<double>(steps * options.batch) / watch.seconds();
}

// A batch that memory cannot hold is refused before it is made. A usual one is not worth the trial.
void check_batch(Net& net, const ModelOptions& model, const MeasureOptions& options, train::Precision precision) {
  constexpr size_t kUsual = 256;
  if (options.batch <= kUsual || !options.device.is_cpu()) return;
  const StepMemory step = Trial(net, model.input, precision).memory(options.batch, options.train);
  uint64_t remembered = 0;  // by the optimizer
  for (const auto& p : net.parameters()) remembered += options.train ? p.nbytes() : 0;
  train::check_memory(step.whole + remembered, step.fixed + remembered, options.batch,
                      base::available_memory().value_or(0));
}

}  // namespace

double peak_gflops(bool bf16, const c10::Device& device) {
  constexpr int64_t kSide = 2048;
  constexpr int kTries = 4;
  const torch::NoGradGuard guard;
  const auto type = bf16 ? torch::kBFloat16 : torch::kFloat;
  const torch::Tensor a = torch::randn({kSide, kSide}).to(device, type),
                      b = torch::randn({kSide, kSide}).to(device, type);
  double best = std::numeric_limits<double>::infinity();
  for (int i = 0; i < kTries; ++i) {
    const base::Stopwatch watch;
    const torch::Tensor product = at::mm(a, b);
    train::finish(device);
    best = std::min(best, watch.seconds());
  }
  return 2e-9 * static_cast<double>(kSide * kSide * kSide) / best;
}

Speed measure(const ModelOptions& model, const MeasureOptions& options) {
  const train::Precision precision = train::choose_precision(options.precision, options.device);
  Speed out{.batch = options.batch, .precision = train::precision_name(precision)};
  const auto net = make_model(model);
  channels_together(*net);
  net->to(options.device);
  check_batch(*net, model, options, precision);
  const torch::Tensor x =
      torch::randn({static_cast<int64_t>(options.batch), model.input.channels, model.input.height, model.input.width})
          .contiguous(torch::MemoryFormat::ChannelsLast)
          .to(options.device);
  if (options.train) {
    const torch::Tensor y =
        torch::randint(model.classes, {static_cast<int64_t>(options.batch)}, torch::kLong).to(options.device);
    train::ParameterGroup group{.kind = "sgd", .learning_rate = 0.01, .momentum = 0.9, .nesterov = false};
    for (const auto& p : net->named_parameters()) {
      group.names.push_back(p.key());
      group.parameters.push_back(p.value());
    }
    train::Optimizer optimizer({group});
    net->train();
    out.train_images_per_second = images_per_second(options, [&] {
      torch::Tensor logits;
      {
        const train::Autocast autocast(precision == train::Precision::BFloat16, options.device);
        logits = net->forward(x);
      }
      optimizer.backward_and_step(torch::nn::functional::cross_entropy(logits.to(torch::kFloat), y),
                                  [](double) { return 1.0; });
    });
  }
  const torch::NoGradGuard guard;
  fold_norms(*net, model.input);
  if (precision == train::Precision::BFloat16) round_weights(*net);
  out.forward_images_per_second = images_per_second(options, [&] {
    const train::Autocast autocast(precision == train::Precision::BFloat16, options.device);
    net->forward(x);
  });
  out.peak_rss_bytes = base::process_memory().most;  // before the large product
  const double flops = 1e-9 * static_cast<double>(figures(model).flops());
  out.forward_gflops = flops * out.forward_images_per_second;
  out.train_gflops = 3 * flops * out.train_images_per_second;
  out.peak_gflops = peak_gflops(precision == train::Precision::BFloat16, options.device);
  return out;
}

}  // namespace hanok::vision
