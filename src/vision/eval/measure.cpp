#include "vision/eval/measure.h"

#include <torch/nn/functional/loss.h>
#include <torch/optim/sgd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/threads.h"
#include "train/machine.h"
#include "vision/models/fold.h"

namespace hanok::vision {
namespace {

template <typename Step>
double images_per_second(const MeasureOptions& options, const Step& step) {
  step();
  const base::Stopwatch watch;
  size_t steps = 0;
  do {
    base::check_interrupt();
    step();
    ++steps;
  } while (watch.seconds() < options.seconds);
  return static_cast<double>(steps * options.batch) / watch.seconds();
}

}  // namespace

Speed measure(const ModelOptions& model, const MeasureOptions& options) {
  const train::Precision precision = train::choose_precision(options.precision);
  Speed out{.batch = options.batch, .precision = train::precision_name(precision)};
  const auto net = make_model(model);
  channels_together(*net);
  const torch::Tensor x =
      torch::randn({static_cast<int64_t>(options.batch), model.input.channels, model.input.height, model.input.width})
          .contiguous(torch::MemoryFormat::ChannelsLast);
  if (options.train) {
    const torch::Tensor y = torch::randint(model.classes, {static_cast<int64_t>(options.batch)}, torch::kLong);
    torch::optim::SGD optimizer(net->parameters(), torch::optim::SGDOptions(0.01).momentum(0.9));
    net->train();
    out.train_images_per_second = images_per_second(options, [&] {
      optimizer.zero_grad();
      torch::Tensor logits;
      {
        const train::Autocast autocast(precision == train::Precision::BFloat16);
        logits = net->forward(x);
      }
      torch::nn::functional::cross_entropy(logits.to(torch::kFloat), y).backward();
      optimizer.step();
    });
  }
  const torch::NoGradGuard guard;
  fold_norms(*net, model.input);
  out.forward_images_per_second = images_per_second(options, [&] {
    const train::Autocast autocast(precision == train::Precision::BFloat16);
    net->forward(x);
  });
  out.peak_rss_bytes = base::process_memory().most;
  return out;
}

}  // namespace hanok::vision
