#include "train/trainer.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "base/threads.h"
#include "hanok/error.h"
#include "train/machine.h"
#include "train/weights.h"

namespace hanok::train {
namespace {

constexpr const char* kFormat = "hanok-checkpoint-1";

// Everything of a run that is not a tensor.
struct Progressed {
  size_t step = 0;  // of batches, from the start of the run
  double seconds = 0, examples_timed = 0, seconds_timed = 0;
  double loss_sum = 0, examples = 0, correct = 0;  // of the epoch at hand
  double best = -1;
  size_t worse_epochs = 0;
  Evaluation kept, last;
  double train_loss = 0;
  std::vector<EpochRow> rows;
};

base::Json to_json(const Progressed& p) {
  base::Json rows = base::Json::array();
  for (const auto& r : p.rows)
    rows.push_back({r.epoch, r.step, r.seconds, r.learning_rate, r.train_loss, r.train_accuracy, r.test_loss,
                    r.test_accuracy, r.images_per_second});
  return {{"step", p.step},
          {"seconds", p.seconds},
          {"examples_timed", p.examples_timed},
          {"seconds_timed", p.seconds_timed},
          {"loss_sum", p.loss_sum},
          {"examples", p.examples},
          {"correct", p.correct},
          {"best", p.best},
          {"worse_epochs", p.worse_epochs},
          {"kept", {p.kept.loss, p.kept.accuracy}},
          {"last", {p.last.loss, p.last.accuracy}},
          {"train_loss", p.train_loss},
          {"rows", rows}};
}

// JSON has no NaN, which the loss of a test may be: it is written as null.
double loss_of(const base::Json& json) {
  return json.is_null() ? std::numeric_limits<double>::quiet_NaN() : json.get<double>();
}

Progressed from_json(const base::Json& json) {
  Progressed p;
  p.step = json.at("step"), p.seconds = json.at("seconds");
  p.examples_timed = json.at("examples_timed"), p.seconds_timed = json.at("seconds_timed");
  p.loss_sum = json.at("loss_sum"), p.examples = json.at("examples"), p.correct = json.at("correct");
  p.best = json.at("best"), p.worse_epochs = json.at("worse_epochs");
  p.kept = {loss_of(json.at("kept").at(0)), json.at("kept").at(1)};
  p.last = {loss_of(json.at("last").at(0)), json.at("last").at(1)};
  p.train_loss = json.at("train_loss");
  for (const auto& r : json.at("rows"))
    p.rows.push_back({r.at(0), r.at(1), r.at(2), r.at(3), r.at(4), r.at(5), loss_of(r.at(6)), r.at(7), r.at(8)});
  return p;
}

bool averages(const torch::Tensor& t) { return t.is_floating_point(); }

class Loop {
 public:
  Loop(Task& task, const TrainOptions& options)
      : task_(task), o_(options), optimizer_(task.groups()), per_epoch_(task.steps_per_epoch()) {
    if (per_epoch_ == 0)
      throw Error(Code::Invalid, "an epoch has no whole batch; a smaller one was expected (--batch)");
    total_ = static_cast<size_t>(std::ceil(o_.epochs * static_cast<double>(per_epoch_)));
    if (o_.averaging.kind != "none" && o_.averaging.kind != "ema" && o_.averaging.kind != "lookahead")
      throw Error(Code::Invalid, "there is no averaging '" + o_.averaging.kind + "'; there are: none, ema, lookahead");
    if (o_.averaging.kind != "none")
      for (const auto& [name, t] : state_of(task_.module())) average_.emplace_back(name, t.detach().clone());
    if (o_.resume) load();
    if (first()) run_.emplace(o_.folder, p_.rows);
  }

  TrainResult run() {
    watch_ = {};
    before_ = p_.seconds;
    bool reached = at_target();  // one that has ended may be told to go on
    while (!over() && !reached && !tired()) {
      const size_t epoch = p_.step / per_epoch_, end = std::min((epoch + 1) * per_epoch_, steps_left_cap());
      steps_until(end);
      if (p_.step < end && !over()) continue;  // not yet: cannot happen but by the clock
      end_epoch(epoch + 1);
      reached = at_target();
      if (tired())
        tell({"stop", {{"epoch", epoch + 1}}, "no better accuracy for " + std::to_string(o_.patience) + " epochs"});
    }
    TrainResult out;
    out.epochs = static_cast<double>(p_.step) / static_cast<double>(per_epoch_);
    out.seconds = p_.seconds;
    out.train_loss = p_.train_loss;
    out.images_per_second = p_.seconds_timed > 0 ? p_.examples_timed / p_.seconds_timed : 0;
    out.test = o_.keep_best ? p_.kept : p_.last;
    out.reached = reached;
    return out;
  }

 private:
  // Of several processes the first writes; all do the rest alike.
  bool first() const { return !o_.parallel || o_.parallel->rank() == 0; }
  bool by_clock() const { return o_.minutes > 0; }
  size_t steps_left_cap() const { return by_clock() ? std::numeric_limits<size_t>::max() : total_; }
  double progress() const {
    if (by_clock()) return p_.seconds / (60 * o_.minutes);
    return static_cast<double>(p_.step) / static_cast<double>(total_);
  }
  bool over() const { return progress() >= 1; }
  bool at_target() const { return o_.target > 0 && p_.last.accuracy >= o_.target; }
  bool tired() const { return o_.patience > 0 && p_.worse_epochs >= o_.patience; }
  double factor(double until) const { return factor_at(o_.schedule, progress() / until); }

  void steps_until(size_t end) {
    while (p_.step < end && !over()) {
      if (o_.parallel ? stop_ : Context::current().ended()) {
        if (at_boundary()) save_checkpoint();
        base::check_interrupt();
        throw Error(Code::Cancelled, "another process of this run was stopped");
      }
      one_step();
      // Never between the last step of an epoch and its test: a run that goes on begins with a step.
      const bool within = p_.step < end && !over();
      if (within && watch_.seconds() - saved_at_ >= o_.checkpoint_seconds && at_boundary()) save_checkpoint();
    }
  }
  // Gradients that wait for others to be added to them are in no checkpoint.
  bool at_boundary() const { return p_.step % o_.accumulate == 0; }

  void one_step() {
    const base::Stopwatch clock;
    const size_t epoch = p_.step / per_epoch_, within = p_.step % per_epoch_;
    const double lr = optimizer_.groups().front().learning_rate * factor(optimizer_.groups().front().until);
    for (const auto& group : optimizer_.groups())
      if (group.until < 1 && progress() >= group.until)
        for (auto p : group.parameters) p.requires_grad_(false);  // nothing behind them is differentiated any more
    task_.module().train();
    torch::manual_seed(step_seed(o_.seed, p_.step));
    StepResult result = task_.step(epoch, within, progress());
    const double loss = result.loss_sum / std::max(1.0, result.examples);
    if (!std::isfinite(loss))
      throw Error(Code::Invalid, "the loss is no number at step " + std::to_string(p_.step + 1) + " (learning rate " +
                                     std::to_string(lr) +
                                     "): lower the learning rate (--lr) or clip gradients (--clip); " + last_good());
    learn_from(result.loss);
    double elapsed = watch_.seconds();
    if (o_.parallel) {
      // What the processes must agree on: figures, the clock, and whether one of them is to stop.
      const torch::Tensor figures = torch::tensor(
          {result.examples, result.correct, result.loss_sum, watch_.seconds(), Context::current().ended() ? 1.0 : 0.0},
          torch::kDouble);
      o_.parallel->sum({figures});
      result.examples = figures[0].item<double>(), result.correct = figures[1].item<double>();
      result.loss_sum = figures[2].item<double>();
      elapsed = figures[3].item<double>() / static_cast<double>(o_.parallel->size());
      stop_ = figures[4].item<double>() > 0;
    }
    p_.loss_sum += result.loss_sum, p_.examples += result.examples, p_.correct += result.correct;
    const double seconds = clock.seconds();
    p_.examples_timed += result.examples, p_.seconds_timed += seconds;
    p_.seconds = before_ + elapsed;
    const double left = by_clock() ? 60 * o_.minutes - p_.seconds
                                   : static_cast<double>(total_ - p_.step) * p_.seconds_timed * result.examples /
                                         std::max(1.0, p_.examples_timed);
    if (o_.tell)
      o_.tell({"step",
               {{"epoch", static_cast<double>(p_.step) / static_cast<double>(per_epoch_)},
                {"step", static_cast<double>(p_.step)},
                {"steps", by_clock() ? 0.0 : static_cast<double>(total_)},
                {"learning_rate", lr},
                {"loss", p_.loss_sum / p_.examples},
                {"accuracy", p_.correct / p_.examples},
                {"images_per_second", p_.examples_timed / p_.seconds_timed},
                {"seconds_left", left}}});
  }

  void learn_from(const torch::Tensor& loss) {
    // The schedule counts the steps before this one.
    const auto at = [this](double until) { return factor(until); };
    if (o_.accumulate == 1 && o_.clip == 0 && !o_.parallel) {
      optimizer_.backward_and_step(loss, at);
      ++p_.step;
      follow();
      return;
    }
    (o_.accumulate > 1 ? loss / static_cast<double>(o_.accumulate) : loss).backward();
    const size_t done = p_.step + 1;
    if (done % o_.accumulate == 0 || done == total_) {
      if (o_.parallel) sum_gradients();
      if (o_.clip > 0) torch::nn::utils::clip_grad_norm_(optimizer_.parameters(), o_.clip);
      optimizer_.step(at);
      optimizer_.zero_grad();
      p_.step = done;
      follow();
    }
    p_.step = done;
  }

  void sum_gradients() {
    std::vector<torch::Tensor> gradients;
    for (const auto& p : optimizer_.parameters())
      if (p.grad().defined()) gradients.push_back(p.grad());
    o_.parallel->sum(gradients);
  }

  void follow() {
    const size_t steps = p_.step / o_.accumulate;
    if (average_.empty() || steps % o_.averaging.every != 0) return;
    double decay = o_.averaging.decay;
    if (const auto t = static_cast<double>(steps / o_.averaging.every); o_.averaging.warms_up)
      decay = std::min(decay, (1 + t) / (10 + t));
    const torch::NoGradGuard no_grad;
    const auto now = state_of(task_.module());
    for (size_t i = 0; i < now.size(); ++i) {
      auto weights = now[i].second;
      if (averages(weights))
        average_[i].second.lerp_(weights, 1 - decay);
      else
        average_[i].second.copy_(weights);
      if (o_.averaging.kind == "lookahead") weights.copy_(average_[i].second);
    }
  }

  // The average in the place of the weights, and back.
  void swap_average() {
    const torch::NoGradGuard no_grad;
    const auto now = state_of(task_.module());
    for (size_t i = 0; i < average_.size(); ++i) {
      auto weights = now[i].second;
      const torch::Tensor held = weights.detach().clone();
      weights.copy_(average_[i].second);
      average_[i].second.copy_(held);
    }
  }

  // Batch normalisation has seen other pictures in each process; what the first finds decides for all, so that none
  // stops alone.
  Evaluation of_the_first(const Evaluation& found) {
    const torch::Tensor figures = torch::zeros({2}, torch::kDouble);
    if (first()) figures.copy_(torch::tensor({found.loss, found.accuracy}, torch::kDouble));
    o_.parallel->sum({figures});
    return {.loss = figures[0].item<double>(), .accuracy = figures[1].item<double>()};
  }

  void end_epoch(size_t epoch) {
    EpochRow row{.epoch = epoch, .step = p_.step};
    row.learning_rate = optimizer_.groups().front().learning_rate * factor(1);
    row.train_loss = p_.train_loss = p_.loss_sum / std::max(1.0, p_.examples);
    row.train_accuracy = p_.correct / std::max(1.0, p_.examples);
    row.images_per_second = p_.seconds_timed > 0 ? p_.examples_timed / p_.seconds_timed : 0;
    swap_average();
    task_.module().eval();
    {
      const torch::NoGradGuard no_grad;
      p_.last = task_.evaluate(over());
    }
    if (o_.parallel) p_.last = of_the_first(p_.last);
    const bool better = p_.last.accuracy > p_.best;
    p_.worse_epochs = better ? 0 : p_.worse_epochs + 1;
    if (better) p_.best = p_.last.accuracy;
    if (better || !o_.keep_best) {
      p_.kept = p_.last;
      if (first()) task_.save(o_.folder);
    }
    swap_average();
    row.test_loss = p_.last.loss, row.test_accuracy = p_.last.accuracy;
    row.seconds = before_ + watch_.seconds();
    if (!o_.parallel) p_.seconds = row.seconds;
    p_.loss_sum = p_.examples = p_.correct = 0;
    p_.rows.push_back(row);
    if (run_) run_->add(row);
    tell({"epoch",
          {{"epoch", static_cast<double>(row.epoch)},
           {"step", static_cast<double>(row.step)},
           {"seconds", row.seconds},
           {"learning_rate", row.learning_rate},
           {"train_loss", row.train_loss},
           {"train_accuracy", row.train_accuracy},
           {"test_loss", row.test_loss},
           {"test_accuracy", row.test_accuracy},
           {"images_per_second", row.images_per_second}}});
    if (at_boundary() || over()) save_checkpoint();
  }

  void tell(const Event& event) {
    if (run_) run_->write(event);
    if (o_.tell) o_.tell(event);
  }

  std::filesystem::path checkpoint() const { return o_.folder / "checkpoint" / "last.safetensors"; }
  std::string last_good() const {
    return saved_step_
               ? "the checkpoint of step " + std::to_string(*saved_step_) + " in " + o_.folder.string() + " is good"
               : "there was no checkpoint yet";
  }

  void save_checkpoint() {
    if (!first()) return;
    NamedTensors all;
    for (const auto& [name, t] : state_of(task_.module())) all.emplace_back("model." + name, t);
    for (const auto& [name, t] : optimizer_.state()) all.emplace_back("optimizer." + name, t);
    for (const auto& [name, t] : average_) all.emplace_back("average." + name, t);
    std::filesystem::create_directories(checkpoint().parent_path());
    save_tensors(checkpoint(), all,
                 {{"format", kFormat}, {"fingerprint", o_.fingerprint}, {"progress", base::dump_json(to_json(p_))}});
    saved_at_ = watch_.seconds();
    saved_step_ = p_.step;
  }

  void load() {
    const std::string file = checkpoint().string();
    if (!std::filesystem::exists(file))
      throw Error(Code::NotFound, file + ": there is nothing to go on from; leave --resume out to begin");
    std::map<std::string, std::string> metadata;
    const NamedTensors all = load_tensors(file, &metadata);
    if (metadata["format"] != kFormat)
      throw Error(Code::Unsupported, file + ": format '" + metadata["format"] + "', expected '" + kFormat + "'");
    if (metadata["fingerprint"] != o_.fingerprint)
      throw Error(Code::Invalid, file + ": was started with other options (" + metadata["fingerprint"] + "), now (" +
                                     o_.fingerprint + "); resume with the same, or begin in another folder");
    NamedTensors model, optimizer, average;
    for (const auto& [name, t] : all) {
      const size_t dot = name.find('.');
      const std::string part = name.substr(0, dot), rest = name.substr(dot + 1);
      if (part == "model") model.emplace_back(rest, t);
      if (part == "optimizer") optimizer.emplace_back(rest, t);
      if (part == "average") average.emplace_back(rest, t);
    }
    load_state(task_.module(), model, file);
    optimizer_.load(optimizer, file);
    load_average(average, file);
    try {
      p_ = from_json(base::parse_json(metadata["progress"], file));
    } catch (const base::Json::exception& e) {
      throw Error(Code::Corrupt, file + ": its progress is damaged: " + e.what());
    }
    saved_step_ = p_.step;
  }

  void load_average(const NamedTensors& given, const std::string& file) {
    bool fits = given.size() == average_.size();
    for (size_t i = 0; fits && i < given.size(); ++i)
      fits = given[i].first == average_[i].first && given[i].second.sizes() == average_[i].second.sizes();
    if (!fits) throw Error(Code::Corrupt, file + ": its average of the weights is not one of this net");
    const torch::NoGradGuard no_grad;
    for (size_t i = 0; i < given.size(); ++i) average_[i].second.copy_(given[i].second);  // where the net is
  }

  Task& task_;
  const TrainOptions& o_;
  Optimizer optimizer_;
  const size_t per_epoch_;
  size_t total_ = 0;
  Progressed p_;
  NamedTensors average_;
  std::optional<RunFolder> run_;
  base::Stopwatch watch_;
  double before_ = 0, saved_at_ = 0;
  std::optional<size_t> saved_step_;
  bool stop_ = false;
};

}  // namespace

std::string precision_to_resume(const std::string& asked, const std::filesystem::path& folder) {
  const auto file = folder / "checkpoint" / "last.safetensors";
  if (asked != "auto" || !std::filesystem::exists(file)) return asked;
  auto metadata = read_metadata(file);
  const std::string words = " " + metadata["fingerprint"] + " ";
  for (const Precision p : {Precision::Float32, Precision::BFloat16})
    if (words.find(" " + precision_name(p) + " ") != words.npos) return precision_name(p);
  return asked;
}

uint64_t step_seed(uint64_t seed, uint64_t step) { return seed * 0x9E3779B97F4A7C15u + step * 0xC2B2AE3D27D4EB4Fu + 1; }

TrainResult train(Task& task, const TrainOptions& options) {
  try {
    return Loop(task, options).run();
  } catch (const c10::Error& e) {
    const std::string what = e.what_without_backtrace();
    if (what.find("alloc") != what.npos && what.find("memory") != what.npos)
      throw Error(Code::Exhausted,
                  "out of memory while training: a smaller --batch with --accumulate computes the same; "
                  "the last checkpoint in " +
                      options.folder.string() + " is good. libtorch says: " + what.substr(0, what.find('\n')));
    throw Error(Code::Internal, "libtorch: " + what.substr(0, what.find('\n')));
  }
}

}  // namespace hanok::train
