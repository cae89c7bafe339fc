// hanok vision gan train|sample
#include <cmath>
#include <cstdio>
#include <iomanip>
#include <iostream>
#include <sstream>

#include "base/clock.h"
#include "base/file.h"
#include "command.h"
#include "hanok/error.h"
#include "train/device.h"
#include "train/machine.h"
#include "train/schedule.h"
#include "vision/data/pictures.h"
#include "vision/gan/gan_task.h"
#include "vision/gan/generator.h"

namespace hanok::app {
namespace {

using base::OrderedJson;

struct TrainFlags {
  std::string data, dataset;
  size_t size = 32;
  std::string out, judge;
  vision::GanOptions gan;  // but its folders
};

OrderedJson classes_json(const std::vector<std::string>& names, const std::vector<size_t>& counts) {
  OrderedJson out = OrderedJson::object();
  for (size_t i = 0; i < names.size() && i < counts.size(); ++i) out[names[i]] = counts[i];
  return out;
}

std::string classes_text(const std::vector<std::string>& names, const std::vector<size_t>& counts) {
  std::string out;
  for (size_t i = 0; i < names.size() && i < counts.size(); ++i)
    out += (i ? ", " : "") + names[i] + " " + std::to_string(counts[i]);
  return out;
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
    }
    clear();
    if (session_.json) {
      std::cout << train::to_json(event) << std::endl;
    } else if (event.name == "warning") {
      session_.note("warning: " + event.text);
    } else if (event.name == "gan" && !session_.quiet) {
      std::cerr << line_of(event) << "\n";
    }
  }

 private:
  static double of(const train::Event& event, const char* key) {
    for (const auto& [name, value] : event.numbers)
      if (name == key) return value;
    return NAN;
  }
  static std::string line_of(const train::Event& e) {
    std::ostringstream out;
    out << std::fixed << "epoch " << std::setw(3) << static_cast<long>(of(e, "epoch")) << std::setprecision(3)
        << "  loss D " << of(e, "d_loss") << " G " << of(e, "g_loss") << "  D(x) " << of(e, "d_real") << "  D(G(z)) "
        << of(e, "d_fake") << "  spread " << of(e, "spread");
    if (std::isfinite(of(e, "confident")))
      out << "  judge sure of " << std::setprecision(1) << 100 * of(e, "confident") << " %, "
          << static_cast<long>(of(e, "classes")) << " classes, Frechet " << std::setprecision(2) << of(e, "frechet");
    return out.str();
  }
  void draw(const train::Event& e) {
    if (!session_.draws() || watch_.seconds() - last_ < 0.1) return;
    last_ = watch_.seconds(), drawn_ = true;
    char line[96];
    std::snprintf(line, sizeof line, "epoch %.2f  D loss %.3f  %.0f images/s  %.0f s left", of(e, "epoch"),
                  of(e, "loss"), of(e, "images_per_second"), of(e, "seconds_left"));
    std::cerr << "\r\033[K" << line << std::flush;
  }
  void clear() {
    if (drawn_) std::cerr << "\r\033[K" << std::flush;
    drawn_ = false;
  }
  const Session& session_;
  base::Stopwatch watch_;
  static constexpr double kSecondsBetweenSteps = 5;
  double last_ = -1, told_ = 0;
  bool drawn_ = false;
};

OrderedJson config_of(const TrainFlags& f) {
  const vision::GanOptions& o = f.gan;
  return {{"dataset", f.dataset},
          {"data", f.data},
          {"judge", f.judge},
          {"latent", o.latent},
          {"categories", o.categories},
          {"width", o.width},
          {"batch", o.batch},
          {"epochs", o.epochs},
          {"minutes", o.minutes},
          {"learning_rate", o.learning_rate},
          {"discriminator_rate", o.discriminator},
          {"schedule", o.schedule},
          {"smooth", o.smooth},
          {"averaging", o.averaging},
          {"precision", o.precision},
          {"seed", o.seed},
          {"version", HANOK_VERSION}};
}

void train_it(Session& session, const TrainFlags& f) {
  const std::filesystem::path out = f.out;
  for (const char* file : {"gan.json", "checkpoint/last.safetensors"})
    if (!f.gan.resume && std::filesystem::exists(out / file))
      throw Error(Code::Exists, f.out + ": has a run already; give another --out, or --resume to go on");
  train::set_threads(session.threads);
  const vision::DataSet set = vision::read_data_set(f.dataset, f.data, f.size);
  std::filesystem::create_directories(out);
  if (!f.gan.resume)  // one that goes on has what it was started with
    base::write_file_atomic(out / "config.json", base::dump_json(config_of(f), 2) + "\n");
  vision::GanOptions o = f.gan;
  o.out = out, o.judge = f.judge;
  o.device = train::choose_device(session.device);
  o.tell = [teller = std::make_shared<Teller>(session)](const train::Event& event) { (*teller)(event); };
  const vision::GanReport r = vision::train_gan(set, o);
  OrderedJson json = {{"generator_parameters", r.generator_parameters},
                      {"discriminator_parameters", r.discriminator_parameters},
                      {"epochs", r.epochs},
                      {"seconds", r.seconds},
                      {"images_per_second", r.images_per_second},
                      {"d_loss", r.last.d_loss},
                      {"g_loss", r.last.g_loss},
                      {"spread", r.last.spread}};
  if (!f.judge.empty()) {
    json["confident"] = r.last.confident;
    json["classes_present"] = r.last.classes;
    json["class_entropy"] = r.last.entropy;
    json["frechet_distance_in_judge_features"] = r.last.frechet;
    json["classes"] = classes_json(r.class_names, r.of_class);
  }
  session.print(json, [&](std::ostream& to) {
    to << std::fixed << std::setprecision(1) << "trained for " << r.epochs << " epochs in " << r.seconds << " s, "
       << r.images_per_second << " images/s; the generator is in " << f.out << "\n";
    if (!f.judge.empty())
      to << "the judge is sure of " << 100 * r.last.confident << " % of the samples ("
         << classes_text(r.class_names, r.of_class)
         << "); Frechet distance in its features (no FID): " << std::setprecision(2) << r.last.frechet << "\n";
  });
}

struct SampleFlags {
  std::string run, out, judge, interpolation;
  size_t count = 64, seed = 0, columns = 8, scale = 2, steps = 8, judged = 10'000;
};

void sample(Session& session, const SampleFlags& f) {
  train::set_threads(session.threads);
  const std::filesystem::path folder = f.run;
  const vision::Generator generator(folder);
  const auto latents = [&run = generator.run()](size_t n, uint64_t seed) {
    return vision::latents(n, run.latent, run.categories, seed);
  };
  image::write_png_file(f.out, image::sheet(vision::images_of(generator.make(latents(f.count, f.seed))),
                                            {.columns = f.columns, .scale = f.scale}));
  OrderedJson json = {{"samples", f.count}, {"seed", f.seed}, {"file", f.out}};
  if (!f.interpolation.empty()) {
    // A row leads from one sample to another.
    std::vector<float> path;
    for (size_t row = 0; row < f.columns; ++row) {
      const auto steps =
          vision::between(latents(1, f.seed + 1 + row), latents(1, f.seed + 1 + f.columns + row), f.steps);
      path.insert(path.end(), steps.begin(), steps.end());
    }
    image::write_png_file(
        f.interpolation, image::sheet(vision::images_of(generator.make(path)), {.columns = f.steps, .scale = f.scale}));
    json["interpolation"] = f.interpolation;
  }
  std::string said;
  if (!f.judge.empty()) {
    vision::Judge judge(f.judge);
    judge.load_known(folder / "real.safetensors");
    const auto found = judge.look(generator.make(latents(f.judged, f.seed)));
    json["judged"] = found.pictures;
    json["confident"] = found.confident;
    json["classes_present"] = found.classes_present();
    json["class_entropy"] = found.entropy;
    if (found.frechet >= 0) json["frechet_distance_in_judge_features"] = found.frechet;
    json["classes"] = classes_json(judge.class_names(), found.of_class);
    std::ostringstream text;
    text << std::fixed << std::setprecision(1) << "the judge is sure of " << 100 * found.confident << " % of "
         << found.pictures << " samples (" << classes_text(judge.class_names(), found.of_class) << ")";
    if (found.frechet >= 0)
      text << "; Frechet distance in its features (no FID): " << std::setprecision(2) << found.frechet;
    said = text.str();
  }
  session.print(json, [&](std::ostream& to) {
    to << f.count << " samples of seed " << f.seed << " -> " << f.out << "\n";
    if (!f.interpolation.empty()) to << "interpolations -> " << f.interpolation << "\n";
    if (!said.empty()) to << said << "\n";
  });
}

void add_gan_train(Command& gan) {
  auto f = std::make_shared<TrainFlags>();
  Command c =
      gan.subcommand("train", "Trains a DCGAN: a generator that makes pictures like those of a data set.",
                     "  hanok vision gan train --data data/mnist --dataset mnist --out runs/digits --judge runs/lenet");
  c.option("--data", f->data, "folder of the data set's files", true);
  c.choice("--dataset", f->dataset, vision::data_set_names(), "which data set that is", true);
  c.option("--out", f->out, "folder of the run, which is made", true);
  c.option("--judge", f->judge, "run folder of a classifier of the same data, which looks at samples after each epoch");
  vision::GanOptions& o = f->gan;
  c.option("--epochs", o.epochs, "how often each picture is seen", 0.001, 1e6);
  c.option("--minutes", o.minutes, "how long to train: the schedule follows the clock", 0, 1e6);
  c.option("--batch", o.batch, "pictures in a batch", 2);
  c.option("--latent", o.latent, "numbers that a picture is made of (12 for gray ones, 100 for colours)");
  c.option("--categories", o.categories,
           "beside them, one of so many categories is drawn for each picture; their meaning is learned, not given");
  c.option("--width", o.width,
           "maps in the last hidden layer of the generator; those before it have 2, 4, ... times as many", 1);
  c.option("--lr", o.learning_rate, "learning rate of Adam", 1e-9, 1);
  c.option("--discriminator-rate", o.discriminator, "its learning rate, as a multiple of the generator's", 1e-6, 1e6);
  c.choice("--schedule", o.schedule, train::schedule_names(), "of the learning rate");
  c.option("--smooth", o.smooth, "what the discriminator is told of real pictures: 1, or 0.9 to keep it unsure", 0.5,
           1);
  c.option("--averaging", o.averaging, "decay of the averaged generator that makes samples; 0: none", 0, 0.99999);
  c.option("--samples", o.samples, "that are judged after each epoch; ten times as many after the last", 2, 100'000);
  c.option("--size", f->size, "side of the pictures of a folder: 28, 32 or 64", 28);
  c.choice("--precision", o.precision, {"auto", "float32", "bf16"}, "auto: what a measurement says is faster");
  c.flag("--resume", o.resume, "go on from the last checkpoint in --out, with the same options");
  c.option("--checkpoint-seconds", o.checkpoint_seconds, "seconds between checkpoints", 0, 1e6);
  c.option("--seed", o.seed, "of everything that is random");
  c.device();
  c.run([f](Session& session) { train_it(session, *f); });
}

void add_gan_sample(Command& gan) {
  auto f = std::make_shared<SampleFlags>();
  Command c = gan.subcommand("sample", "Makes pictures by a trained generator.",
                             "  hanok vision gan sample --run runs/digits --out digits.png --interpolation walk.png");
  c.option("--run", f->run, "run folder of hanok vision gan train", true);
  c.option("--out", f->out, "the sheet of samples: a PNG file", true);
  c.option("--count", f->count, "samples on the sheet", 1, 100'000);
  c.option("--columns", f->columns, "of the sheet", 1, 10'000);
  c.option("--scale", f->scale, "each pixel becomes so many, across and down", 1, 32);
  c.option("--seed", f->seed, "of the noise");
  c.option("--interpolation", f->interpolation, "also a sheet whose rows each lead from one sample to another");
  c.option("--steps", f->steps, "pictures in such a row", 2, 1'000);
  c.option("--judge", f->judge, "run folder of a classifier that looks at the samples");
  c.option("--judged", f->judged, "how many samples it looks at", 2, 1'000'000);
  c.run([f](Session& session) { sample(session, *f); });
}

}  // namespace

void add_gan(Command& vision) {
  Command gan = vision.group("gan", "Trains generators of pictures, and lets them make some.");
  add_gan_train(gan);
  add_gan_sample(gan);
}

}  // namespace hanok::app
