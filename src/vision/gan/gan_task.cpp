#include "vision/gan/gan_task.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "base/file.h"
#include "hanok/error.h"
#include "train/machine.h"
#include "train/trainer.h"
#include "vision/data/augment.h"
#include "vision/gan/generator.h"
#include "vision/gan/make_pictures.h"
#include "vision/models/models.h"
#include "vision/models/trained.h"

namespace hanok::vision {
namespace {

constexpr size_t kShown = 64;       // samples on a sheet
constexpr uint64_t kShownSeed = 1;  // of their noise: the same in every epoch
constexpr uint64_t kJudgedSeed = 2;
constexpr size_t kMostReal = 10'000;  // real pictures that the judge knows
constexpr double kMicro = 1e6;        // sums are kept as whole numbers of millionths, so that a checkpoint is exact

// Of the mean over a batch.
Tensor cross_entropy(const Tensor& logits, double target) {
  return at::binary_cross_entropy_with_logits(logits, at::full_like(logits, target));
}

// How much pictures differ from one another: the mean over values of their standard deviation over pictures.
double spread_of(const MadePictures& pictures) {
  const size_t each = pictures.bytes_each(), n = pictures.size();
  std::vector<double> sum(each, 0), squares(each, 0);
  for (size_t i = 0; i < n; ++i)
    for (size_t j = 0; j < each; ++j) {
      const double v = pictures.pixels[i * each + j];
      sum[j] += v, squares[j] += v * v;
    }
  double total = 0;
  const auto count = static_cast<double>(std::max<size_t>(1, n));
  for (size_t j = 0; j < each; ++j) {
    const double mean = sum[j] / count;
    total += std::sqrt(std::max(0.0, squares[j] / count - mean * mean));
  }
  return total / static_cast<double>(std::max<size_t>(1, each));
}

MadePictures with_channels_together(const Pictures& pictures, size_t most) {
  MadePictures out{pictures.channels, pictures.height, pictures.width, {}};
  const size_t n = std::min(most, pictures.size()), plane = pictures.height * pictures.width;
  out.pixels.resize(n * out.bytes_each());
  for (size_t i = 0; i < n; ++i)
    for (size_t c = 0; c < pictures.channels; ++c)
      for (size_t p = 0; p < plane; ++p)
        out.pixels[i * out.bytes_each() + p * pictures.channels + c] = pictures.at(i)[c * plane + p];
  return out;
}

// Both nets on the device, and on the CPU the sums of the epoch at hand: whole numbers, so that averaging leaves them
// alone.
struct Both : torch::nn::Module {
  Both(const DcganShape& shape, const c10::Device& device)
      : generator(register_module("generator", make_generator(shape))),
        discriminator(register_module("discriminator", make_discriminator(shape))),
        sums(register_buffer("sums", torch::zeros({5}, torch::kLong))) {
    initialise_dcgan(*generator);
    initialise_dcgan(*discriminator);
    channels_together(*this);
    generator->to(device);
    discriminator->to(device);
  }
  std::shared_ptr<Sequence> generator, discriminator;
  Tensor sums;  // loss of D, of G, D(x), D(G(z)), each times the pictures, in millionths; pictures
};

class GanTask : public train::Task {
 public:
  GanTask(const DataSet& set, const GanOptions& options, GanRun about, train::Precision precision)
      : set_(set),
        o_(options),
        about_(std::move(about)),
        type_(precision == train::Precision::BFloat16 ? torch::kBFloat16 : torch::kFloat),
        nets_(shape_of(about_), options.device) {
    about_.parameters = static_cast<size_t>(count_parameters(*nets_.generator));
    if (set.train.size() < o_.batch)
      throw Error(Code::Invalid, "a batch of " + std::to_string(o_.batch) + " pictures was asked for, and there are " +
                                     std::to_string(set.train.size()) + "; choose a smaller --batch");
    const MadePictures real = with_channels_together(set.train, kMostReal);
    real_spread_ = spread_of(real);
    if (!o_.judge.empty()) {
      judge_ = std::make_unique<Judge>(o_.judge);
      judge_->check(real.channels, real.height, real.width);
      judge_->know(real);
    }
    if (o_.resume) rows_ = read_gan_rows(o_.out);
  }

  torch::nn::Module& module() override { return nets_; }
  std::vector<train::ParameterGroup> groups() override {
    std::vector<train::ParameterGroup> out;
    for (const auto& [prefix, net, rate] :
         {std::tuple{"generator.", nets_.generator, 1.0}, {"discriminator.", nets_.discriminator, o_.discriminator}}) {
      train::ParameterGroup group{.kind = "adam", .learning_rate = rate * o_.learning_rate, .beta1 = 0.5};
      for (const auto& p : net->named_parameters()) {
        group.names.push_back(prefix + p.key());
        group.parameters.push_back(p.value());
      }
      out.push_back(std::move(group));
    }
    return out;
  }
  size_t steps_per_epoch() const override { return set_.train.size() / o_.batch; }

  train::StepResult step(size_t epoch, size_t step, double /*progress*/) override {
    epoch_ = epoch;
    if (step == 0) nets_.sums.zero_();
    const Tensor real = real_batch(epoch, step);
    const auto batch = static_cast<int64_t>(o_.batch);
    const Tensor made = nets_.generator->forward(noise(batch)).to(torch::kFloat);
    // D sees the picture as a leaf: from here the gradient goes to the picture for G, and to D's weights for D.
    const Tensor seen = made.detach().requires_grad_();
    Tensor of_real, of_made;
    {
      const train::Autocast autocast(type_ == torch::kBFloat16, o_.device);
      of_real = nets_.discriminator->forward(real).to(torch::kFloat);
      of_made = nets_.discriminator->forward(seen).to(torch::kFloat);
    }
    const Tensor g_loss = cross_entropy(of_made, 1);
    const auto gradient = torch::autograd::grad({g_loss}, {seen}, {}, /*retain_graph=*/true);
    made.backward(gradient[0]);
    const Tensor d_loss = cross_entropy(of_real, o_.smooth) + cross_entropy(of_made, 0);
    const auto count = static_cast<double>(batch);
    note({d_loss.item<double>() * count, g_loss.item<double>() * count, of_real.detach().sigmoid().sum().item<double>(),
          of_made.detach().sigmoid().sum().item<double>()});
    train::StepResult out;
    out.loss = d_loss;
    out.examples = count;
    out.correct = ((of_real > 0).sum() + (of_made <= 0).sum()).item<double>() / 2;
    out.loss_sum = d_loss.item<double>() * count;
    return out;
  }

  train::Evaluation evaluate(bool last) override {
    GanRow row = sums();
    const MadePictures judged = make(last ? 10 * o_.samples : o_.samples, kJudgedSeed);
    row.spread = spread_of(judged) / std::max(real_spread_, 1e-9);
    if (judge_) {
      const Judgement found = judge_->look(judged);
      row.confident = found.confident, row.entropy = found.entropy, row.frechet = found.frechet;
      row.classes = static_cast<double>(found.classes_present());
      of_class_ = found.of_class;
    }
    rows_.resize(std::min(rows_.size(), epoch_));  // what a run that goes on had behind its checkpoint is done again
    rows_.push_back(row);
    tell_about(row);
    return {.loss = judge_ ? row.frechet : row.g_loss, .accuracy = std::max(0.0, row.confident)};
  }

  void save(const std::filesystem::path& folder) override {
    save_weights(folder / "generator.safetensors", *nets_.generator);
    write_gan_run(folder, about_);
    write_gan_rows(folder, rows_);
    const auto sheets = folder / "samples";
    std::filesystem::create_directories(sheets);
    char name[32];
    std::snprintf(name, sizeof name, "epoch-%03zu.png", epoch_ + 1);
    const auto pictures = images_of(make(kShown, kShownSeed));
    image::write_png_file(sheets / name, image::sheet(pictures, {.columns = 8, .scale = 2}));
    if (judge_) judge_->save_known(folder / "real.safetensors");
  }

  const std::vector<GanRow>& rows() const { return rows_; }
  const std::vector<size_t>& of_class() const { return of_class_; }
  const Judge* judge() const { return judge_.get(); }
  Both& nets() { return nets_; }

 private:
  // As latents() makes it, by torch's generator: [B, latent + categories, 1, 1].
  Tensor noise(int64_t batch) const {
    Tensor z = torch::randn({batch, static_cast<int64_t>(about_.latent)});
    if (about_.categories > 0) {
      const auto categories = static_cast<int64_t>(about_.categories);
      z = at::cat({z, kDrawn * at::one_hot(at::randint(categories, {batch}), categories)}, 1);
    }
    return z.view({batch, static_cast<int64_t>(about_.inputs()), 1, 1}).to(o_.device, type_);
  }

  // [B, C, H, W] in [-1, 1], channels together in memory.
  Tensor real_batch(size_t epoch, size_t step) {
    if (order_.empty() || order_epoch_ != epoch) {
      order_ = shuffled(set_.train.size(), o_.seed, epoch);
      order_epoch_ = epoch;
    }
    const Pictures& p = set_.train;
    const auto as = [](size_t v) { return static_cast<int64_t>(v); };
    Tensor bytes = torch::empty({as(o_.batch), as(p.channels), as(p.height), as(p.width)}, torch::kByte);
    for (size_t i = 0; i < o_.batch; ++i)
      std::copy_n(p.at(order_[step * o_.batch + i]), p.bytes_each(), bytes.data_ptr<uint8_t>() + i * p.bytes_each());
    return (bytes.to(o_.device, torch::kFloat) / 127.5 - 1).contiguous(torch::MemoryFormat::ChannelsLast);
  }

  MadePictures make(size_t n, uint64_t seed) {
    return make_pictures(*nets_.generator, about_.inputs(), latents(n, about_.latent, about_.categories, seed));
  }

  void note(std::initializer_list<double> values) {
    auto* at = nets_.sums.data_ptr<int64_t>();
    for (const double v : values) *at++ += std::llround(v * kMicro);
    *at += static_cast<int64_t>(o_.batch);
  }
  GanRow sums() const {
    const auto* at = nets_.sums.data_ptr<int64_t>();
    const double n = kMicro * static_cast<double>(std::max<int64_t>(1, at[4]));
    const auto mean = [&](size_t i) { return static_cast<double>(at[i]) / n; };
    return {.epoch = epoch_ + 1, .d_loss = mean(0), .g_loss = mean(1), .d_real = mean(2), .d_fake = mean(3)};
  }

  void tell_about(const GanRow& row) const {
    if (!o_.tell) return;
    train::Event event{"gan",
                       {{"epoch", static_cast<double>(row.epoch)},
                        {"d_loss", row.d_loss},
                        {"g_loss", row.g_loss},
                        {"d_real", row.d_real},
                        {"d_fake", row.d_fake},
                        {"spread", row.spread}}};
    if (judge_)
      for (const auto& [name, value] : {std::pair{"confident", row.confident},
                                        {"classes", row.classes},
                                        {"entropy", row.entropy},
                                        {"frechet", row.frechet}})
        event.numbers.emplace_back(name, value);
    o_.tell(event);
    if (const auto what = collapse(row, judge_ ? judge_->class_names().size() : 0))
      o_.tell({"warning", {{"epoch", static_cast<double>(row.epoch)}}, *what});
  }

  const DataSet& set_;
  const GanOptions& o_;
  GanRun about_;
  torch::ScalarType type_;  // of products while training
  Both nets_;
  std::unique_ptr<Judge> judge_;
  double real_spread_ = 0;
  std::vector<uint32_t> order_;
  size_t order_epoch_ = 0, epoch_ = 0;
  std::vector<GanRow> rows_;
  std::vector<size_t> of_class_;
};

std::string fingerprint(const DataSet& set, const GanOptions& o, train::Precision precision) {
  char text[256];
  std::snprintf(
      text, sizeof text,
      " %zu latent %zu categories %zu width %zu batch %zu epochs %.9g minutes %.9g lr %.9g d %.9g smooth %.9g ema %.9g seed %llu ",
      set.train.size(), o.latent, o.categories, o.width, o.batch, o.epochs, o.minutes, o.learning_rate, o.discriminator,
      o.smooth, o.averaging, static_cast<unsigned long long>(o.seed));
  const std::string size = set.name == "folder" ? " size " + std::to_string(set.train.height) : "";
  return "dcgan " + set.name + size + text + o.schedule + " " + train::precision_name(precision) +
         (o.device.is_cuda() ? " cuda" : "");
}

// Gray digits and clothes lie on few dimensions; with 100 more samples fall between two of them.
size_t latent_of(const GanOptions& o, const Pictures& pictures) {
  constexpr size_t kGray = 12, kColour = 100;
  if (o.latent > 0) return o.latent;
  return pictures.channels == 1 ? kGray : kColour;
}

}  // namespace

GanReport train_gan(const DataSet& set, const GanOptions& options) {
  const Pictures& p = set.train;
  if (p.height != p.width || (p.height != 28 && p.height != 32 && p.height != 64))
    throw Error(Code::Invalid, set.name + ": pictures of " + std::to_string(p.height) + " x " +
                                   std::to_string(p.width) +
                                   "; a DCGAN here makes 28 x 28, 32 x 32 or 64 x 64 (for folders: --size 32)");
  const GanRun about{.data_set = set.name,
                     .latent = latent_of(options, p),
                     .categories = options.categories,
                     .width = options.width,
                     .channels = p.channels,
                     .side = p.height};
  const train::Precision precision = train::choose_precision(
      options.resume ? train::precision_to_resume(options.precision, options.out) : options.precision, options.device);
  torch::manual_seed(options.seed);
  GanTask task(set, options, about, precision);
  train::TrainOptions t;
  t.folder = options.out;
  t.epochs = options.epochs, t.minutes = options.minutes;
  t.schedule.kind = options.schedule;
  if (options.averaging > 0) t.averaging = {.kind = "ema", .decay = options.averaging, .warms_up = true};
  t.checkpoint_seconds = options.checkpoint_seconds;
  t.resume = options.resume, t.seed = options.seed;
  t.fingerprint = fingerprint(set, options, precision);
  t.tell = options.tell;
  const train::TrainResult done = train::train(task, t);
  GanReport out{.epochs = done.epochs, .seconds = done.seconds, .images_per_second = done.images_per_second};
  out.generator_parameters = static_cast<size_t>(count_parameters(*task.nets().generator));
  out.discriminator_parameters = static_cast<size_t>(count_parameters(*task.nets().discriminator));
  if (!task.rows().empty()) out.last = task.rows().back();
  out.of_class = task.of_class();
  if (task.judge()) out.class_names = task.judge()->class_names();
  return out;
}

}  // namespace hanok::vision
