#include <filesystem>
#include <iomanip>
#include <iostream>

#include "base/file.h"
#include "command.h"
#include "hanok/error.h"
#include "train/device.h"
#include "train/machine.h"
#include "vision/classifier.h"
#include "vision/data/show.h"
#include "vision/models/fold.h"
#include "vision/models/trained.h"

namespace hanok::app {
namespace {

namespace fs = std::filesystem;
using base::OrderedJson;

struct Flags {
  std::string run, data, dataset, out, precision = "float32";
  size_t worst = 25;
  bool views = false;
};

// Where a run's data came from, unless flags say otherwise.
void fill_from_config(Flags& f) {
  const auto file = fs::path(f.run) / "config.json";
  if (!fs::exists(file)) {
    if (f.data.empty() || f.dataset.empty())
      throw Error(Code::Invalid, file.string() + ": is not there, so --data and --dataset are needed");
    return;
  }
  const base::Json config = base::parse_json(base::read_file(file, 1 << 20), file.string());
  if (f.data.empty()) f.data = config.value("data", "");
  if (f.dataset.empty()) f.dataset = config.value("dataset", "");
}

OrderedJson averages(const vision::ClassScore& s) {
  return {{"precision", s.precision}, {"recall", s.recall}, {"f1", s.f1}};
}

OrderedJson classes_of(const vision::Report& r, const std::vector<std::string>& names) {
  OrderedJson out = OrderedJson::array();
  for (size_t c = 0; c < names.size(); ++c) {
    OrderedJson row = {{"class", names[c]}, {"images", r.counts.of_truth(c)}};
    row.update(averages(r.scores.per_class[c]));
    row["auc"] = r.auc[c];
    row["average_precision"] = r.average_precision[c];
    out.push_back(row);
  }
  return out;
}

OrderedJson confusion_of(const vision::Confusion& counts) {
  OrderedJson out = OrderedJson::array();
  for (size_t t = 0; t < counts.classes; ++t) {
    OrderedJson row = OrderedJson::array();
    for (size_t p = 0; p < counts.classes; ++p) row.push_back(counts.at(t, p));
    out.push_back(row);
  }
  return out;
}

OrderedJson calibration_of(const vision::Report& r) {
  OrderedJson out = OrderedJson::array();
  for (const auto& b : r.bins)
    out.push_back({{"above", b.lower},
                   {"to", b.upper},
                   {"images", b.count},
                   {"confidence", b.confidence},
                   {"accuracy", b.accuracy}});
  return out;
}

OrderedJson worst_of(const vision::Report& r, const std::vector<std::string>& names) {
  OrderedJson out = OrderedJson::array();
  for (const auto& m : r.worst)
    out.push_back({{"image", m.picture},
                   {"class", names[m.truth]},
                   {"predicted", names[m.predicted]},
                   {"confidence", m.confidence}});
  return out;
}

// confusion.png, and mistakes.png where there are any.
OrderedJson write_pictures(const fs::path& folder, const vision::Report& r, const vision::DataSet& set) {
  fs::create_directories(folder);
  OrderedJson files = OrderedJson::array();
  const auto write = [&](const char* name, const image::Image& picture) {
    image::write_png_file(folder / name, picture);
    files.push_back((folder / name).string());
  };
  write("confusion.png", vision::confusion_sheet(r.counts, set.class_names));
  std::vector<image::Image> pictures;
  for (const auto& m : r.worst) pictures.push_back(vision::picture_of(set.test, m.picture));
  if (!pictures.empty()) write("mistakes.png", vision::mistakes_sheet(r.worst, pictures, set.class_names));
  return files;
}

void show(const OrderedJson& j, std::ostream& out) {
  const auto percent = [](const OrderedJson& value) { return 100 * value.get<double>(); };
  out << std::fixed << std::setprecision(2) << j["model"].get<std::string>() << ": " << percent(j["test_accuracy"])
      << " % of " << j["images"] << " pictures, top " << j["top_k"]["k"] << " " << percent(j["top_k"]["accuracy"])
      << " %, loss " << std::setprecision(4) << j["test_loss"].get<double>() << ", calibration error "
      << j["calibration_error"].get<double>() << ", kappa " << j["kappa"].get<double>() << ", "
      << j["images_per_second"].get<long>() << " images/s\n\n"
      << std::left << std::setw(20) << "class" << std::right << std::setw(8) << "images" << std::setw(11) << "precision"
      << std::setw(8) << "recall" << std::setw(8) << "F1" << std::setw(8) << "AUC"
      << "\n";
  for (const auto& c : j["per_class"])
    out << std::left << std::setw(20) << c["class"].get<std::string>() << std::right << std::setw(8)
        << c["images"].get<size_t>() << std::setw(11) << c["precision"].get<double>() << std::setw(8)
        << c["recall"].get<double>() << std::setw(8) << c["f1"].get<double>() << std::setw(8) << c["auc"].get<double>()
        << "\n";
  constexpr size_t kMostShown = 20;  // classes of a matrix that fits a terminal
  if (j["confusion"].size() <= kMostShown) {
    out << "\nconfusion (rows true, columns predicted)\n";
    for (const auto& row : j["confusion"]) {
      for (const auto& n : row) out << std::setw(6) << n.get<uint64_t>();
      out << "\n";
    }
  }
  for (const auto& file : j["files"]) out << file.get<std::string>() << "\n";
}

void evaluate(Session& session, Flags f) {
  const auto as = [](size_t v) { return static_cast<int>(v); };
  train::set_threads(session.threads);
  const auto device = train::choose_device(session.device);
  const vision::TrainedNet run = vision::open_run(f.run);
  fill_from_config(f);
  const vision::DataSet set = vision::read_data_set(f.dataset, f.data, run.run.height);
  const train::Precision precision = train::choose_precision(f.precision, device);
  vision::fold_norms(*run.net, {as(run.run.channels), as(run.run.height), as(run.run.width)});
  if (precision == train::Precision::BFloat16) vision::round_weights(*run.net);
  const vision::EvalReport e =
      vision::evaluate_run(run, set, f.views ? vision::TestTime::MirrorAndShift : vision::TestTime::None,
                           train::precision_name(precision), f.worst, device);
  const vision::Report& r = e.report;
  const OrderedJson json = {{"model", run.run.model},
                            {"dataset", f.dataset},
                            {"images", r.pictures},
                            {"test_loss", r.log_loss},
                            {"test_accuracy", r.scores.accuracy},
                            {"top_k", {{"k", r.top_k}, {"accuracy", r.top_k_accuracy}}},
                            {"balanced_accuracy", r.scores.balanced_accuracy},
                            {"kappa", r.scores.kappa},
                            {"matthews", r.scores.matthews},
                            {"macro", averages(r.scores.macro)},
                            {"weighted", averages(r.scores.weighted)},
                            {"calibration_error", r.calibration_error},
                            {"calibration", calibration_of(r)},
                            {"per_class", classes_of(r, set.class_names)},
                            {"confusion", confusion_of(r.counts)},
                            {"worst", worst_of(r, set.class_names)},
                            {"seconds", e.seconds},
                            {"images_per_second", e.images_per_second},
                            {"files", f.out.empty() ? OrderedJson::array() : write_pictures(f.out, r, set)}};
  session.print(json, [&](std::ostream& out) { show(json, out); });
}

}  // namespace

void add_eval(Command& vision) {
  auto f = std::make_shared<Flags>();
  Command c = vision.subcommand("eval", "Tries a trained net on its test pictures.",
                                "With --out: confusion.png, and mistakes.png with the "
                                "surest wrong answers.");
  c.option("--run", f->run, "folder of the run", true);
  c.option("--data", f->data, "folder of the data set (default: the run's)");
  c.option("--dataset", f->dataset, "which data set that is (default: the run's)");
  c.option("--out", f->out, "folder for pictures of confusions and mistakes");
  c.option("--worst", f->worst, "wrong answers to list, the surest first");
  c.flag("--views", f->views, "look at each picture mirrored and shifted by a pixel, too");
  c.choice("--precision", f->precision, {"auto", "float32", "bf16"}, "what it computes in");
  c.device();
  c.run([f](Session& session) { evaluate(session, *f); });
}

}  // namespace hanok::app
