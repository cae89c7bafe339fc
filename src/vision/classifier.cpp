#include "vision/classifier.h"

#include <algorithm>
#include <cmath>
#include <future>
#include <numeric>

#include "base/clock.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/threads.h"
#include "base/workers.h"
#include "hanok/error.h"
#include "train/device.h"
#include "train/loss.h"
#include "train/memory.h"
#include "train/parallel.h"
#include "train/trainer.h"
#include "vision/models/trained.h"
#include "vision/trial.h"

namespace hanok::vision {
namespace {

using train::ParameterGroup;
using train::Precision;

// [B, H, W, C] floats as a batch for the net: [B, C, H, W], channels together in memory.
torch::Tensor to_tensor(std::vector<float>& x, size_t n, const Pictures& shape) {
  const auto as = [](size_t v) { return static_cast<int64_t>(v); };
  return torch::from_blob(x.data(), {as(n), as(shape.height), as(shape.width), as(shape.channels)})
      .permute({0, 3, 1, 2})
      .clone(torch::MemoryFormat::Preserve);
}

// [B, C, H, W] -> [B, C, share H, share W], each pixel a mean of those that it stands for.
torch::Tensor smaller(const torch::Tensor& x, double share) {
  const auto side = [share](int64_t whole) {
    return std::max<int64_t>(1, std::lround(share * static_cast<double>(whole)));
  };
  return at::_upsample_bilinear2d_aa(x, {side(x.size(2)), side(x.size(3))}, /*align_corners=*/false)
      .contiguous(torch::MemoryFormat::ChannelsLast);
}

std::vector<ParameterGroup> groups_of(Net& net, const Recipe& r) {
  ParameterGroup main;
  main.learning_rate = r.learning_rate, main.momentum = r.momentum, main.weight_decay = r.weight_decay;
  if (r.optimizer == "adamw") main.kind = "adam", main.decoupled = true;
  if (r.optimizer == "muon") main.kind = "muon", main.weight_decay = 0;
  if (r.optimizer != "sgd" && r.optimizer != "adamw" && r.optimizer != "muon")
    throw Error(Code::Invalid, "there is no optimizer '" + r.optimizer + "'; there are: sgd, adamw, muon");
  ParameterGroup bare = main;  // biases and norms: no decay
  bare.weight_decay = 0;
  ParameterGroup head;
  if (main.kind == "muon") {
    bare.kind = head.kind = "sgd";
    bare.momentum = head.momentum = r.other_momentum;
    bare.learning_rate = r.bias_rate, bare.weight_decay = r.bias_decay;
    head.learning_rate = r.head_rate, head.weight_decay = r.head_decay;
  }
  std::vector<ParameterGroup> short_lived;
  for (const auto& item : net.named_parameters()) {
    if (!item.value().requires_grad()) continue;
    const double until = net.learns_until(item.key());
    ParameterGroup* group = item.value().dim() < 2                           ? &bare
                            : item.value().dim() == 2 && main.kind == "muon" ? &head
                                                                             : &main;
    if (until < 1) {
      ParameterGroup own = *group;
      own.names.clear(), own.parameters.clear(), own.until = until;
      short_lived.push_back(own);
      group = &short_lived.back();
    }
    group->names.push_back(item.key());
    group->parameters.push_back(item.value());
  }
  std::vector<ParameterGroup> out = {main};
  for (auto* group : {&bare, &head})
    if (!group->parameters.empty()) out.push_back(*group);
  out.insert(out.end(), short_lived.begin(), short_lived.end());
  return out;
}

// 1 / frequency of each class, 1 on average over the training pictures; classes that are not there weigh nothing.
torch::Tensor balanced_weights(const DataSet& set) {
  std::vector<float> count(set.class_names.size(), 0);
  for (const uint16_t label : set.train.labels) ++count[label];
  const auto there = static_cast<float>(std::count_if(count.begin(), count.end(), [](float n) { return n > 0; }));
  for (float& n : count) n = n > 0 ? static_cast<float>(set.train.size()) / (there * n) : 0;
  return torch::tensor(count);
}

train::Evaluation judge(std::vector<float>& logits, const Pictures& pictures) {
  std::vector<int64_t> labels(pictures.labels.begin(), pictures.labels.end());
  const auto n = static_cast<int64_t>(labels.size());
  const torch::Tensor x = torch::from_blob(logits.data(), {n, static_cast<int64_t>(logits.size()) / n});
  const torch::Tensor y = torch::from_blob(labels.data(), {n}, torch::kLong);
  return {.loss = train::cross_entropy(x, y, {}).item<double>() / static_cast<double>(n),
          .accuracy = (x.argmax(1) == y).sum().item<double>() / static_cast<double>(n)};
}

class Classifier : public train::Task {
 public:
  Classifier(const DataSet& set, const ClassifierOptions& options, std::shared_ptr<Net> net, nn::VisionRun about,
             Precision precision)
      : set_(set), o_(options), net_(std::move(net)), about_(std::move(about)), precision_(precision) {
    loss_.label_smoothing = o_.recipe.label_smoothing;
    if (o_.balanced) loss_.class_weights = balanced_weights(set).to(o_.device);
    batch_ = std::min(o_.recipe.batch, set.train.size());
    ranks_ = o_.parallel ? o_.parallel->size() : 1;
    rank_ = o_.parallel ? o_.parallel->rank() : 0;
    if (batch_ % ranks_ != 0)
      throw Error(Code::Invalid, "a batch of " + std::to_string(batch_) + " cannot be shared evenly by " +
                                     std::to_string(ranks_) + " processes; choose --batch accordingly");
  }
  ~Classifier() override { loader_.stop(); }

  torch::nn::Module& module() override { return *net_; }
  std::vector<ParameterGroup> groups() override { return groups_of(*net_, o_.recipe); }
  size_t steps_per_epoch() const override { return set_.train.size() / batch_; }

  train::StepResult step(size_t epoch, size_t step, double progress) override {
    Batch batch = take(epoch, step);
    torch::Tensor x = to_tensor(batch.x, batch.y.size(), set_.train).to(o_.device);
    if (progress < o_.recipe.small_until) x = smaller(x, o_.recipe.small_share);
    const auto labels = [this](std::vector<int64_t>& y) {
      return torch::from_blob(y.data(), {static_cast<int64_t>(y.size())}, torch::kLong).clone().to(o_.device);
    };
    const torch::Tensor y = labels(batch.y);
    torch::Tensor logits;
    {
      const train::Autocast autocast(precision_ == Precision::BFloat16, o_.device);
      logits = net_->forward(x);
    }
    logits = logits.to(torch::kFloat);
    torch::Tensor loss = train::cross_entropy(logits, y, loss_);
    if (!batch.other_y.empty())
      loss = batch.share * loss + (1 - batch.share) * train::cross_entropy(logits, labels(batch.other_y), loss_);
    train::StepResult out;
    out.examples = static_cast<double>(batch.y.size());
    out.correct = (logits.detach().argmax(1) == y).sum().item<double>();
    out.loss_sum = loss.item<double>();
    // Of all processes together. The loop takes the mean of accumulated batches, which of sums should be their sum.
    out.loss = o_.recipe.sum_loss ? loss * static_cast<double>(o_.accumulate) : loss / static_cast<double>(batch_);
    return out;
  }

  train::Evaluation evaluate(bool last) override {
    const auto views = last && o_.recipe.views ? TestTime::MirrorAndShift : TestTime::None;
    std::vector<float> all = logits_of(*net_, about_, set_.test, views, precision_);
    return judge(all, set_.test);
  }

  void save(const std::filesystem::path& folder) override {
    save_weights(folder / "model.safetensors", *net_);
    nn::write_vision_run(folder, about_);
  }

 private:
  // Batches are made one ahead, beside the step that computes.
  Batch take(size_t epoch, size_t step) {
    if (!next_.valid() || next_epoch_ != epoch || next_step_ != step) begin(epoch, step);
    Batch batch = next_.get();
    if (step + 1 < steps_per_epoch())
      begin(epoch, step + 1);
    else
      begin(epoch + 1, 0);
    return batch;
  }
  void begin(size_t epoch, size_t step) {
    const auto promise = std::make_shared<std::promise<Batch>>();
    next_ = promise->get_future(), next_epoch_ = epoch, next_step_ = step;
    const bool taken = loader_.submit("", [this, promise, epoch, step] {
      try {
        if (order_.empty() || order_epoch_ != epoch)
          order_ = shuffled(set_.train.size(), o_.seed, epoch), order_epoch_ = epoch;
        const std::span<const uint32_t> which = std::span(order_).subspan(step * batch_, batch_);
        const size_t each = batch_ / ranks_;
        promise->set_value(augmented_batch(set_, set_.train, which, rank_ * each, (rank_ + 1) * each, o_.recipe.augment,
                                           o_.seed, epoch));
      } catch (...) {
        promise->set_exception(std::current_exception());
      }
    });
    if (!taken) throw Error(Code::Internal, "the thread that makes batches takes no more");
  }

  const DataSet& set_;
  const ClassifierOptions& o_;
  std::shared_ptr<Net> net_;
  nn::VisionRun about_;
  Precision precision_;
  train::LossOptions loss_;
  size_t batch_ = 0, ranks_ = 1, rank_ = 0;
  std::vector<uint32_t> order_;  // of the loader's thread
  size_t order_epoch_ = 0;
  std::future<Batch> next_;
  size_t next_epoch_ = 0, next_step_ = 0;
  base::Workers loader_{1, 4};
};

ImageShape shape_of(const Pictures& p) {
  return {static_cast<int>(p.channels), static_cast<int>(p.height), static_cast<int>(p.width)};
}

// Everything that decides the bytes of the result.
std::string fingerprint(const DataSet& set, const ClassifierOptions& o, Precision precision) {
  const Recipe& r = o.recipe;
  const AugmentOptions& a = r.augment;
  std::string out = o.model + " " + set.name + " " + std::to_string(set.train.size()) + " " + r.name;
  if (set.name == "folder") out += " size " + std::to_string(set.train.height);
  const auto word = [&](const char* key, const std::string& value) { out += " " + std::string(key) + " " + value; };
  const auto number = [&](const char* key, double value) {
    char text[32];
    std::snprintf(text, sizeof text, "%.9g", value);
    word(key, text);
  };
  number("batch", static_cast<double>(r.batch)), number("accumulate", static_cast<double>(o.accumulate));
  number("epochs", r.epochs), number("minutes", o.minutes), number("seed", static_cast<double>(o.seed));
  number("target", o.target), number("patience", static_cast<double>(o.patience)), number("keep-best", o.keep_best);
  word("optimizer", r.optimizer), word("schedule", r.schedule.kind), word("averaging", r.averaging);
  number("lr", r.learning_rate), number("momentum", r.momentum), number("weight-decay", r.weight_decay);
  number("clip", r.clip), number("label-smoothing", r.label_smoothing), number("balanced", o.balanced);
  number("pad", static_cast<double>(a.pad)), number("reflect", a.reflect), number("flip", static_cast<int>(a.flip));
  number("cutout", static_cast<double>(a.cutout)), number("colour", a.colour);
  number("mixup", a.mixup), number("cutmix", a.cutmix);
  if (r.small_until > 0) number("small", r.small_share), number("until", r.small_until);
  return out + " " + train::precision_name(precision) + (o.device.is_cuda() ? " cuda" : "");
}

// Nets whose last layers are made for one size of picture take no smaller ones.
void check_small(Net& net, const DataSet& set, const ClassifierOptions& o) {
  if (o.recipe.small_until <= 0) return;
  const auto as = [](size_t v) { return static_cast<int64_t>(v); };
  const torch::NoGradGuard no_grad;
  net.eval();
  try {
    net.forward(smaller(torch::zeros({1, as(set.train.channels), as(set.train.height), as(set.train.width)}),
                        o.recipe.small_share));
  } catch (const c10::Error&) {
    throw Error(Code::Invalid, "recipe " + o.recipe.name + " begins with smaller pictures, which " + o.model +
                                   " cannot take: its last layers are made for one size; choose another --recipe");
  }
}

// What the whole run will take, from a step of some pictures: the optimizer and the making of batches are not in it.
double expected_seconds(Net& net, const DataSet& set, const ClassifierOptions& o, Precision precision) {
  constexpr size_t kTried = 64;
  if (o.minutes > 0) return 60 * o.minutes;
  const Recipe& r = o.recipe;
  const size_t ranks = o.parallel ? o.parallel->size() : 1;
  const auto n = static_cast<int64_t>(std::max<size_t>(2, std::min({kTried, r.batch / ranks, set.train.size()})));
  Trial trial(net, shape_of(set.train), precision);
  trial.step(n);  // makes the kernels
  train::finish(o.device);
  const base::Stopwatch watch;
  trial.step(n);
  train::finish(o.device);
  const double each = watch.seconds() / static_cast<double>(n);
  // A picture that is only looked at costs a third of one that is learned from: there is no way back.
  const double tests = std::ceil(r.epochs) + (r.views ? 5 : 0);
  const double epochs = r.epochs * (1 - r.small_until * (1 - r.small_share * r.small_share));
  return each * (epochs * static_cast<double>(set.train.size()) / static_cast<double>(ranks) +
                 tests * static_cast<double>(set.test.size()) / 3);
}

// What a step of the whole batch will take, and what is remembered from one to the next.
StepMemory memory_of_a_step(Net& net, const DataSet& set, const Recipe& recipe, size_t batch, Precision precision) {
  StepMemory memory = Trial(net, shape_of(set.train), precision).memory(batch);
  const uint64_t copies = (recipe.optimizer == "adamw" ? 2 : 1) + (recipe.averaging == "none" ? 0 : 1);
  for (const auto& p : net.parameters()) memory.whole += copies * p.nbytes(), memory.fixed += copies * p.nbytes();
  return memory;
}

// "0", "1", ...: classes that nobody named.
bool numbered(const std::vector<std::string>& names) {
  for (size_t c = 0; c < names.size(); ++c)
    if (names[c] != std::to_string(c)) return false;
  return true;
}

}  // namespace

std::vector<float> logits_of(Net& net, const nn::VisionRun& run, const Pictures& pictures, TestTime test_time,
                             Precision precision) {
  constexpr size_t kBatch = 1000;
  if (pictures.channels != run.channels || pictures.height != run.height || pictures.width != run.width)
    throw Error(Code::Invalid, run.model + " takes pictures of " + std::to_string(run.channels) + "x" +
                                   std::to_string(run.height) + "x" + std::to_string(run.width) +
                                   " (channels, height, width), found " + std::to_string(pictures.channels) + "x" +
                                   std::to_string(pictures.height) + "x" + std::to_string(pictures.width));
  const train::Autocast autocast(precision == Precision::BFloat16, device_of(net));
  std::vector<float> out;
  for (size_t begin = 0; begin < pictures.size(); begin += kBatch) {
    base::check_interrupt();
    std::vector<uint32_t> which(std::min(kBatch, pictures.size() - begin));
    std::iota(which.begin(), which.end(), static_cast<uint32_t>(begin));
    const Batch batch = plain_batch(pictures, run.mean, run.std, which);
    const std::vector<float> some = logits(net, run, batch.x, test_time);
    out.insert(out.end(), some.begin(), some.end());
  }
  return out;
}

ClassifierReport train_classifier(const DataSet& set, const ClassifierOptions& options) {
  const Precision precision = train::choose_precision(
      options.resume ? train::precision_to_resume(options.precision, options.out) : options.precision, options.device);
  torch::manual_seed(options.seed);
  const ModelOptions model = options_for(options.model, set.class_names.size(), shape_of(set.train));
  const auto net = make_model(model);
  std::vector<uint32_t> first(std::min<size_t>(set.train.size(), 5000));
  std::iota(first.begin(), first.end(), 0u);
  {
    Batch batch = plain_batch(set.train, set.mean, set.std, first);
    net->see(to_tensor(batch.x, first.size(), set.train));
  }
  channels_together(*net);
  check_small(*net, set, options);
  StepMemory memory;  // measured on the CPU; a GPU says itself when its memory is full
  const Recipe& r = options.recipe;
  if (options.device.is_cpu()) {
    const size_t own = std::min(r.batch, set.train.size()) / (options.parallel ? options.parallel->size() : 1);
    memory = memory_of_a_step(*net, set, r, own, precision);
    train::check_memory(memory.whole, memory.fixed, own, base::available_memory().value_or(0));
  }
  net->to(options.device);
  if (options.parallel) options.parallel->share_first(*net);
  const double seconds = expected_seconds(*net, set, options, precision);
  nn::VisionRun about{.model = options.model,
                      .variant = model.small_input ? "cifar" : "imagenet",
                      .class_names = set.class_names,
                      .channels = set.train.channels,
                      .height = set.train.height,
                      .width = set.train.width,
                      .mean = set.mean,
                      .std = set.std,
                      .parameters = static_cast<size_t>(count_parameters(*net))};
  Classifier task(set, options, net, about, precision);
  train::TrainOptions o;
  o.folder = options.out, o.epochs = r.epochs, o.minutes = options.minutes, o.target = options.target;
  o.schedule = r.schedule;
  o.averaging = {.kind = r.averaging, .decay = r.averaging_decay, .every = r.averaging_every};
  o.accumulate = options.accumulate, o.clip = r.clip, o.patience = options.patience;
  o.keep_best = options.keep_best, o.checkpoint_seconds = options.checkpoint_seconds;
  o.resume = options.resume, o.seed = options.seed;
  o.fingerprint = fingerprint(set, options, precision);
  o.parallel = options.parallel;
  o.tell = options.tell;
  if (o.tell)
    o.tell({"start",
            {{"parameters", static_cast<double>(about.parameters)},
             {"images", static_cast<double>(set.train.size())},
             {"test_images", static_cast<double>(set.test.size())},
             {"batch", static_cast<double>(r.batch)},
             {"epochs", r.epochs},
             {"memory_bytes", static_cast<double>(memory.whole)},
             {"seconds_expected", seconds},
             {"threads", static_cast<double>(at::get_num_threads())},
             {"seed", static_cast<double>(options.seed)}},
            options.model + " on " + set.name + ", recipe " + r.name + ", " + train::precision_name(precision) +
                (options.device.is_cuda() ? ", " + options.device.str() : "")});
  const train::TrainResult result = train::train(task, o);
  return {.model = options.model,
          .parameters = about.parameters,
          .epochs = result.epochs,
          .seconds = result.seconds,
          .train_loss = result.train_loss,
          .test_accuracy = result.test.accuracy,
          .images_per_second = result.images_per_second,
          .peak_rss_bytes = base::process_memory().most};
}

EvalReport evaluate_run(const TrainedNet& trained, const DataSet& set, TestTime test_time, const std::string& precision,
                        size_t worst, const c10::Device& device) {
  if (set.class_names.size() != trained.run.class_names.size())
    throw Error(Code::Invalid, trained.run.model + " knows " + std::to_string(trained.run.class_names.size()) +
                                   " classes, " + set.name + " has " + std::to_string(set.class_names.size()));
  if (set.class_names != trained.run.class_names && !numbered(trained.run.class_names))
    throw Error(Code::Invalid, trained.run.model + ": the net and " + set.name +
                                   " do not name the same classes in the same order (the first are '" +
                                   trained.run.class_names[0] + "' and '" + set.class_names[0] + "')");
  const Precision computed_in = train::choose_precision(precision, device);
  trained.net->to(device);
  const base::Stopwatch watch;
  const std::vector<float> logits = logits_of(*trained.net, trained.run, set.test, test_time, computed_in);
  EvalReport out{.seconds = watch.seconds()};
  out.images_per_second = static_cast<double>(set.test.size()) / out.seconds;
  const std::vector<uint32_t> truth(set.test.labels.begin(), set.test.labels.end());
  out.report = make_report(logits, truth, trained.run.class_names.size(), worst);
  return out;
}

}  // namespace hanok::vision
