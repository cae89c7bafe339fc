#include <algorithm>
#include <cmath>
#include <iomanip>
#include <iostream>
#include <sstream>

#include "base/clock.h"
#include "base/file.h"
#include "base/memory.h"
#include "command.h"
#include "hanok/error.h"
#include "train/device.h"
#include "train/machine.h"
#include "train/parallel.h"
#include "vision/classifier.h"
#include "vision/models/models.h"

namespace hanok::app {
namespace {

using base::OrderedJson;

struct Flags {
  std::string data, dataset, model = "lenet", out, recipe, precision = "auto", optimizer, schedule, averaging;
  size_t size = 32, batch = 0, accumulate = 1, patience = 0, seed = 0, cutout = 0;
  double epochs = 0, minutes = 0, target = 0, rate = 0, decay = -1, clip = 0, smoothing = -1, mixup = 0, cutmix = 0,
         colour = 0, checkpoint_seconds = 60;
  bool resume = false, keep_best = false, balanced = false;
};

vision::Recipe recipe_of(const Flags& f) {
  vision::Recipe r = f.recipe.empty() ? vision::recipe_for(f.model) : vision::recipe(f.recipe);
  if (f.batch > 0) r.batch = f.batch;
  if (f.epochs > 0) r.epochs = f.epochs;
  if (!f.optimizer.empty()) r.optimizer = f.optimizer;
  if (!f.schedule.empty()) r.schedule.kind = f.schedule;
  if (!f.averaging.empty()) r.averaging = f.averaging;
  if (f.rate > 0) r.learning_rate = f.rate;
  if (f.decay >= 0) r.weight_decay = f.decay;
  if (f.clip > 0) r.clip = f.clip;
  if (f.smoothing >= 0) r.label_smoothing = f.smoothing;
  if (f.mixup > 0) r.augment.mixup = static_cast<float>(f.mixup);
  if (f.cutmix > 0) r.augment.cutmix = static_cast<float>(f.cutmix);
  if (f.colour > 0) r.augment.colour = static_cast<float>(f.colour);
  if (f.cutout > 0) r.augment.cutout = f.cutout;
  return r;
}

OrderedJson config_of(const Flags& f, const vision::Recipe& r) {
  return {{"model", f.model},
          {"dataset", f.dataset},
          {"data", f.data},
          {"recipe", r.name},
          {"batch", r.batch},
          {"accumulate", f.accumulate},
          {"epochs", r.epochs},
          {"minutes", f.minutes},
          {"target", f.target},
          {"optimizer", r.optimizer},
          {"learning_rate", r.learning_rate},
          {"momentum", r.momentum},
          {"weight_decay", r.weight_decay},
          {"schedule", r.schedule.kind},
          {"label_smoothing", r.label_smoothing},
          {"clip", r.clip},
          {"averaging", r.averaging},
          {"augment",
           {{"pad", r.augment.pad},
            {"reflect", r.augment.reflect},
            {"flip", r.augment.flip == vision::AugmentOptions::Flip::None     ? "none"
                     : r.augment.flip == vision::AugmentOptions::Flip::Random ? "random"
                                                                              : "alternating"},
            {"cutout", r.augment.cutout},
            {"colour", r.augment.colour},
            {"mixup", r.augment.mixup},
            {"cutmix", r.augment.cutmix}}},
          {"small_share", r.small_share},
          {"small_until", r.small_until},
          {"balanced", f.balanced},
          {"precision", f.precision},
          {"seed", f.seed},
          {"version", HANOK_VERSION}};
}

std::string span_text(double seconds) {
  const auto s = static_cast<long>(std::max(0.0, seconds));
  char text[32];
  if (s < 60)
    std::snprintf(text, sizeof text, "%ld s", s);
  else if (s < 3600)
    std::snprintf(text, sizeof text, "%ld:%02ld min", s / 60, s % 60);
  else
    std::snprintf(text, sizeof text, "%ld:%02ld h", s / 3600, s / 60 % 60);
  return text;
}

// What a person sees, and with --json what a program reads: one event a line on stdout.
class Teller {
 public:
  explicit Teller(const Session& session) : session_(session) {}
  void operator()(const train::Event& event) {
    if (event.name == "step") {
      draw(event);
      if (!session_.json || watch_.seconds() - told_ < kSecondsBetweenSteps) return;
      told_ = watch_.seconds();
    } else if (drawn_) {
      std::cerr << "\r\033[K" << std::flush;
      drawn_ = false;
    }
    if (session_.json)
      std::cout << train::to_json(event) << std::endl;
    else if (event.name == "start")
      session_.note(event.text + ", about " + span_text(of(event, "seconds_expected")) +
                    (of(event, "memory_bytes") > 0
                         ? " and " + base::memory_text(static_cast<uint64_t>(of(event, "memory_bytes"))) + " of memory"
                         : ""));
    else if (event.name == "epoch" && !session_.quiet)
      std::cerr << line_of(event) << "\n";
    else if (event.name != "step" && !event.text.empty())
      session_.note(event.text);
  }

 private:
  static constexpr double kSecondsBetweenSteps = 5;
  static double of(const train::Event& event, const std::string& key) {
    for (const auto& [name, value] : event.numbers)
      if (name == key) return value;
    return 0;
  }
  static std::string line_of(const train::Event& e) {
    std::ostringstream out;
    out << std::fixed << "epoch " << std::setw(3) << static_cast<long>(of(e, "epoch")) << std::setprecision(4)
        << "  loss " << of(e, "train_loss") << "  test loss " << of(e, "test_loss") << std::setprecision(2)
        << "  accuracy " << 100 * of(e, "train_accuracy") << " %  test " << 100 * of(e, "test_accuracy") << " %  "
        << static_cast<long>(of(e, "images_per_second")) << " images/s  " << span_text(of(e, "seconds"));
    return out.str();
  }
  void draw(const train::Event& e) {
    if (!session_.draws() || watch_.seconds() - last_ < 0.1) return;
    last_ = watch_.seconds();
    drawn_ = true;
    std::ostringstream out;
    out << std::fixed << std::setprecision(2) << "epoch " << of(e, "epoch");
    const double steps = of(e, "steps"), step = of(e, "step");
    if (steps > 0) {
      constexpr size_t kCells = 24;
      const auto full = std::min(kCells, static_cast<size_t>(kCells * step / steps));
      out << " [" << std::string(full, '#') << std::string(kCells - full, '.') << "]";
    }
    out << "  loss " << std::setprecision(4) << of(e, "loss") << "  accuracy " << std::setprecision(2)
        << 100 * of(e, "accuracy") << " %  " << static_cast<long>(of(e, "images_per_second")) << " images/s  "
        << span_text(of(e, "seconds_left")) << " left";
    std::cerr << "\r\033[K" << out.str() << std::flush;
  }
  const Session& session_;
  base::Stopwatch watch_;
  double last_ = -1, told_ = 0;
  bool drawn_ = false;
};

void train_it(Session& session, const Flags& f) {
  vision::ClassifierOptions o;
  o.model = f.model, o.out = f.out, o.recipe = recipe_of(f);
  vision::model_kind(f.model);  // a wrong name before anything is read
  for (const char* file : {"model.json", "checkpoint/last.safetensors"})
    if (!f.resume && std::filesystem::exists(o.out / file))
      throw Error(Code::Exists, f.out + ": has a run already; give another --out, or --resume to go on");
  o.device = train::choose_device(session.device);
  const auto parallel = train::Parallel::from_environment(o.device);
  const bool first = !parallel || parallel->rank() == 0;
  train::set_threads(session.threads);
  const vision::DataSet set = vision::read_data_set(f.dataset, f.data, f.size);
  if (first) {
    std::filesystem::create_directories(o.out);
    if (!f.resume)  // one that goes on has what it was started with
      base::write_file_atomic(o.out / "config.json", base::dump_json(config_of(f, o.recipe), 2) + "\n");
    constexpr double kShared = 0.9;
    if (const double share = train::share_of_core(); share < kShared)
      session.note("warning: this machine has other work: a thread that wants a core gets " +
                   std::to_string(static_cast<int>(100 * share)) + " % of one, so figures of speed are too low");
  }
  o.minutes = f.minutes, o.target = f.target, o.accumulate = f.accumulate, o.patience = f.patience;
  o.keep_best = f.keep_best || f.patience > 0;
  o.resume = f.resume, o.seed = f.seed, o.precision = f.precision, o.checkpoint_seconds = f.checkpoint_seconds;
  o.balanced = f.balanced;
  o.parallel = parallel.get();
  if (first) o.tell = [teller = std::make_shared<Teller>(session)](const train::Event& event) { (*teller)(event); };
  const vision::ClassifierReport r = vision::train_classifier(set, o);
  if (!first) return;
  const OrderedJson json = {{"model", r.model},
                            {"parameters", r.parameters},
                            {"epochs", r.epochs},
                            {"seconds", r.seconds},
                            {"train_loss", r.train_loss},
                            {"test_accuracy", r.test_accuracy},
                            {"images_per_second", r.images_per_second},
                            {"peak_rss_bytes", r.peak_rss_bytes}};
  session.print(json, [&](std::ostream& out) {
    out << r.model << ": " << std::fixed << std::setprecision(2) << 100 * r.test_accuracy << " % of " << set.test.size()
        << " test pictures after " << r.epochs << " epochs in " << span_text(r.seconds) << ", "
        << static_cast<long>(r.images_per_second) << " images/s, " << base::memory_text(r.peak_rss_bytes)
        << " of memory; the model is in " << f.out << "\n";
  });
}

std::vector<std::string> recipe_names() {
  std::vector<std::string> out;
  for (const auto& r : vision::recipes()) out.push_back(r.name);
  return out;
}

std::string recipe_help() {
  std::string out = "how to train (default: what suits the model)";
  for (const auto& r : vision::recipes()) out += "\n" + r.name + ": " + r.about;
  return out;
}

}  // namespace

void add_train(Command& vision) {
  auto f = std::make_shared<Flags>();
  Command c = vision.subcommand("train", "Trains a net to sort pictures into classes.");
  c.option("--data", f->data, "folder of the data set's files", true);
  c.choice("--dataset", f->dataset, vision::data_set_names(), "which data set that is", true);
  c.option("--model", f->model, "a name of `hanok vision models`");
  c.option("--out", f->out, "folder of the run, which is made", true);
  c.option("--epochs", f->epochs, "how often each picture is seen", 0.001, 1e6);
  c.option("--minutes", f->minutes, "how long to train: the schedule follows the clock", 0, 1e6);
  c.option("--target", f->target, "stop as soon as the test's accuracy is this, 0 to 1", 0, 1);
  c.choice("--recipe", f->recipe, recipe_names(), recipe_help());
  c.option("--batch", f->batch, "pictures in a batch, over all processes", 1);
  c.option("--accumulate", f->accumulate, "batches in a step of the optimizer", 1);
  c.choice("--optimizer", f->optimizer, {"sgd", "adamw"}, "instead of the recipe's");
  c.option("--lr", f->rate, "learning rate, instead of the recipe's", 1e-9, 1e6);
  c.option("--weight-decay", f->decay, "instead of the recipe's", 0, 1e6);
  c.choice("--schedule", f->schedule, train::schedule_names(), "instead of the recipe's");
  c.choice("--averaging", f->averaging, {"none", "ema", "lookahead"}, "weights that follow those that learn");
  c.option("--clip", f->clip, "longest gradient of all parameters together", 0, 1e9);
  c.option("--label-smoothing", f->smoothing, "share of the target that all classes get", 0, 0.999);
  c.flag("--balanced", f->balanced, "pictures of rare classes weigh more");
  c.option("--cutout", f->cutout, "side of a square that is hidden, pixels");
  c.option("--colour", f->colour, "changes of brightness, contrast and saturation, 0 to 1", 0, 1);
  c.option("--mixup", f->mixup, "alpha of mixing two pictures", 0, 100);
  c.option("--cutmix", f->cutmix, "alpha of pasting a part of another picture", 0, 100);
  c.option("--patience", f->patience, "stop after so many epochs without a better accuracy");
  c.flag("--keep-best", f->keep_best, "keep the best epoch by the test's accuracy, not the last");
  c.flag("--resume", f->resume, "go on from the last checkpoint in --out, with the same options");
  c.option("--checkpoint-seconds", f->checkpoint_seconds, "seconds between checkpoints", 0, 1e6);
  c.choice("--precision", f->precision, {"auto", "float32", "bf16"}, "auto: what a measurement says is faster");
  c.option("--size", f->size, "side of the pictures of a folder, pixels", 8);
  c.option("--seed", f->seed, "of everything that is random");
  c.device();
  c.run([f](Session& session) { train_it(session, *f); });
}

}  // namespace hanok::app
