#include <filesystem>
#include <iomanip>
#include <iostream>

#include "base/file.h"
#include "command.h"
#include "hanok/error.h"
#include "train/machine.h"
#include "vision/classifier.h"
#include "vision/models/trained.h"

namespace hanok::app {
namespace {

struct Flags {
  std::string run, data, dataset, precision = "float32";
  bool views = false;
};

// Where a run's data came from, unless flags say otherwise.
void fill_from_config(Flags& f) {
  const auto file = std::filesystem::path(f.run) / "config.json";
  if (!std::filesystem::exists(file)) {
    if (f.data.empty() || f.dataset.empty())
      throw Error(Code::Invalid, file.string() + ": is not there, so --data and --dataset are needed");
    return;
  }
  const base::Json config = base::parse_json(base::read_file(file, 1 << 20), file.string());
  if (f.data.empty()) f.data = config.value("data", "");
  if (f.dataset.empty()) f.dataset = config.value("dataset", "");
}

void evaluate(Session& session, Flags f) {
  train::set_threads(session.threads);
  const vision::TrainedNet run = vision::open_run(f.run);
  fill_from_config(f);
  const vision::DataSet set = vision::read_data_set(f.dataset, f.data, run.run.height);
  const vision::EvalReport r =
      vision::evaluate_run(run, set, f.views ? vision::TestTime::MirrorAndShift : vision::TestTime::None, f.precision);
  session.print({{"model", r.model},
                 {"dataset", f.dataset},
                 {"images", r.images},
                 {"test_loss", r.loss},
                 {"test_accuracy", r.accuracy},
                 {"seconds", r.seconds},
                 {"images_per_second", r.images_per_second}},
                [&](std::ostream& out) {
                  out << r.model << ": " << std::fixed << std::setprecision(2) << 100 * r.accuracy << " % of "
                      << r.images << " pictures, loss " << std::setprecision(4) << r.loss << ", "
                      << static_cast<long>(r.images_per_second) << " images/s\n";
                });
}

}  // namespace

void add_eval(Command& vision) {
  auto f = std::make_shared<Flags>();
  Command c = vision.subcommand("eval", "Tries a trained net on its test pictures.");
  c.option("--run", f->run, "folder of the run", true);
  c.option("--data", f->data, "folder of the data set (default: the run's)");
  c.option("--dataset", f->dataset, "which data set that is (default: the run's)");
  c.flag("--views", f->views, "look at each picture mirrored and shifted by a pixel, too");
  c.choice("--precision", f->precision, {"auto", "float32", "bf16"}, "what it computes in");
  c.run([f](Session& session) { evaluate(session, *f); });
}

}  // namespace hanok::app
