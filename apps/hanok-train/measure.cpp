#include <iomanip>
#include <iostream>

#include "base/memory.h"
#include "command.h"
#include "train/device.h"
#include "train/machine.h"
#include "vision/eval/measure.h"

namespace hanok::app {
namespace {

struct Flags {
  std::string model, variant = "imagenet", precision = "auto";
  size_t classes = 10, batch = 64, size = 0, channels = 0;
  double seconds = 2;
  bool forward_only = false;
};

vision::ModelOptions model_of(const Flags& f) {
  vision::ModelOptions out{.name = f.model,
                           .classes = static_cast<int>(f.classes),
                           .input = vision::model_kind(f.model).input,
                           .small_input = f.variant == "cifar"};
  if (out.small_input) out.input = {3, 32, 32};
  if (f.size > 0) out.input.height = out.input.width = static_cast<int>(f.size);
  if (f.channels > 0) out.input.channels = static_cast<int>(f.channels);
  return out;
}

}  // namespace

void add_measure(Command& vision) {
  Command c = vision.subcommand("measure", "Measures how fast a net is here, forward and training, on random pictures.",
                                "Training: forward, backward and a step of SGD with momentum. Forward: batch "
                                "normalisation folded into convolutions.");
  auto f = std::make_shared<Flags>();
  c.option("--model", f->model, "a name of `hanok vision models`", true);
  c.choice("--variant", f->variant, {"imagenet", "cifar"}, "the net as published, or for 32x32 (imagenet)");
  c.option("--classes", f->classes, "classes (10)", 1);
  c.option("--batch", f->batch, "pictures at once (64)", 1);
  c.option("--size", f->size, "side of the pictures (as published)", 1);
  c.option("--channels", f->channels, "of the pictures (as published)", 1);
  c.option("--seconds", f->seconds, "how long to measure each (2)", 0, 3600);
  c.choice("--precision", f->precision, {"auto", "float32", "bf16"}, "auto: what a measurement says is faster");
  c.flag("--forward-only", f->forward_only, "leave training out");
  c.device();
  c.run([f](Session& session) {
    train::set_threads(session.threads);
    const auto s = vision::measure(model_of(*f), {.batch = f->batch,
                                                  .seconds = f->seconds,
                                                  .precision = f->precision,
                                                  .train = !f->forward_only,
                                                  .device = train::choose_device(session.device)});
    base::OrderedJson json = {{"model", f->model},
                              {"batch", s.batch},
                              {"precision", s.precision},
                              {"forward_images_per_second", s.forward_images_per_second}};
    if (!f->forward_only) json["train_images_per_second"] = s.train_images_per_second;
    json["peak_rss_bytes"] = s.peak_rss_bytes;
    json["forward_gflops_per_second"] = s.forward_gflops;
    if (!f->forward_only) json["train_gflops_per_second"] = s.train_gflops;
    json["peak_gflops_per_second"] = s.peak_gflops;
    session.print(json, [&](std::ostream& out) {
      out << f->model << " in " << s.precision << ", " << s.batch << " at once: " << std::fixed << std::setprecision(1)
          << s.forward_images_per_second << " images/s forward";
      if (!f->forward_only) out << ", " << s.train_images_per_second << " training";
      out << ", " << base::memory_text(s.peak_rss_bytes) << "; " << std::setprecision(0) << s.forward_gflops
          << " GFLOP/s forward";
      if (!f->forward_only) out << ", " << s.train_gflops << " training";
      out << ", of " << s.peak_gflops << " that a product of matrices reaches\n";
    });
  });
}

}  // namespace hanok::app
