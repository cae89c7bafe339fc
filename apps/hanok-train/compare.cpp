// The table of all nets under one budget. Each runs in a process of its own: memory is counted for it alone, and one
// that does not fit leaves the others be.
#include <csignal>
#include <filesystem>
#include <iomanip>
#include <iostream>
#include <sstream>

#include "base/file.h"
#include "base/memory.h"
#include "base/process.h"
#include "base/threads.h"
#include "command.h"
#include "hanok/error.h"
#include "vision/data/pictures.h"
#include "vision/models/summary.h"

namespace hanok::app {
namespace {

namespace fs = std::filesystem;
using base::Json;
using base::OrderedJson;

struct Flags {
  std::string data, dataset, out, precision = "auto";
  std::vector<std::string> models;
  double minutes = 0, epochs = 0, seconds = 2;
  size_t batch = 64;
  bool markdown = false;
};

constexpr double kSecondsOfStart = 600;  // that a process may take beside what it is asked to take: reading, writing

std::string how_it_ended(const base::ProcessResult& result) {
  if (result.timed_out) return "took too long and was stopped";
  constexpr int kSignals = 128;
  if (result.exit_status <= kSignals) return "ended with status " + std::to_string(result.exit_status);
  const int signal = result.exit_status - kSignals;
  return "was ended by signal " + std::to_string(signal) +
         (signal == SIGKILL ? ", which is how the system ends what takes too much memory" : "");
}

// What this program says to `arguments`, as JSON; its last line. Where it ended without a word about why, words for it:
// one that was killed leaves the last thing that it told about its progress.
Json ask(const Session& session, std::vector<std::string> arguments, double seconds) {
  arguments.insert(arguments.begin(), {base::program_file(), "vision"});
  arguments.insert(arguments.end(), {"--json", "--quiet"});
  if (session.threads > 0) arguments.insert(arguments.end(), {"--threads", std::to_string(session.threads)});
  // The limit is of the CPU's seconds too, and a net is trained on all cores.
  const double limit = (seconds + kSecondsOfStart) * static_cast<double>(base::cores());
  const auto result = base::run_process(arguments, "", {.seconds = limit, .memory_bytes = uint64_t{1} << 50});
  Context::current().check();
  std::istringstream lines(result.out);
  std::string line, last;
  while (std::getline(lines, line))
    if (!line.empty()) last = line;
  const bool told = last.starts_with("{\"error\"");
  if ((result.exit_status != 0 || result.timed_out || last.empty()) && !told)
    return {{"error", {{"message", arguments[2] + " " + how_it_ended(result) + ": " + result.err}}}};
  return base::parse_json(last, arguments[2]);
}

// Where the child failed, its message; else nothing.
std::string error_of(const Json& answer) {
  return answer.contains("error") ? answer["error"]["message"].get<std::string>() : std::string();
}

// What a child that failed says of why; one that was ended without a word has no memory left, or no time.
Code code_of(const Json& answer) {
  const std::string name = answer["error"].value("code", "");
  for (const Code code : {Code::Invalid, Code::NotFound, Code::Exists, Code::Corrupt, Code::Unsupported,
                          Code::Unavailable, Code::Cancelled, Code::Internal})
    if (name == code_name(code)) return code;
  return Code::Exhausted;
}

std::string number(double value) {
  std::ostringstream out;
  out << std::setprecision(9) << value;
  return out.str();
}

class Comparison {
 public:
  Comparison(Session& session, const Flags& flags) : session_(session), f_(flags) {
    if (f_.data.empty()) return;
    const auto set = vision::read_data_set(f_.dataset, f_.data);
    classes_ = set.class_names.size();
    input_ = vision::ImageShape{static_cast<int>(set.train.channels), static_cast<int>(set.train.height),
                                static_cast<int>(set.train.width)};
  }

  OrderedJson row(const std::string& name) const {
    const auto options = vision::options_for(name, classes_, input_);
    const auto figures = vision::figures(options);
    OrderedJson out = {{"model", name},
                       {"variant", options.small_input ? "cifar" : "imagenet"},
                       {"layers", figures.layers},
                       {"filters", figures.filters},
                       {"activation", figures.activation},
                       {"parameters", figures.parameters},
                       {"flops", figures.flops()}};
    add_speed(out, options);
    if (!f_.data.empty()) add_training(out);
    return out;
  }

 private:
  void add_speed(OrderedJson& out, const vision::ModelOptions& options) const {
    const Json speed = ask(session_,
                           {"measure", "--model", options.name, "--variant", options.small_input ? "cifar" : "imagenet",
                            "--classes", std::to_string(classes_), "--channels", std::to_string(input_.channels),
                            "--size", std::to_string(input_.height), "--batch", std::to_string(f_.batch), "--seconds",
                            number(f_.seconds), "--precision", f_.precision, "--device", session_.device},
                           2 * f_.seconds);
    if (failed(out, speed)) return;
    for (const char* key :
         {"precision", "batch", "forward_images_per_second", "train_images_per_second", "peak_rss_bytes"})
      out[key] = speed[key];
  }

  // Writes why into the row. The whole comparison ends with the status of its first failure.
  bool failed(OrderedJson& out, const Json& answer) const {
    const std::string why = error_of(answer);
    if (why.empty()) return false;
    out["error"] = why;
    if (session_.status == 0) session_.status = exit_status(code_of(answer));
    return true;
  }

  void add_training(OrderedJson& out) const {
    const std::string run = (fs::path(f_.out) / out["model"].get<std::string>()).string();
    std::vector<std::string> arguments = {"train",      "--data", f_.data, "--dataset",   f_.dataset,  "--model",
                                          out["model"], "--out",  run,     "--precision", f_.precision};
    arguments.insert(arguments.end(), {"--device", session_.device});
    if (f_.minutes > 0) arguments.insert(arguments.end(), {"--minutes", number(f_.minutes)});
    if (f_.epochs > 0) arguments.insert(arguments.end(), {"--epochs", number(f_.epochs)});
    const Json trained = ask(session_, arguments, f_.minutes > 0 ? 60 * f_.minutes : kLongest);
    if (failed(out, trained)) return;
    for (const char* key : {"epochs", "seconds", "train_loss", "test_accuracy"}) out[key] = trained[key];
    out["train_peak_rss_bytes"] = trained["peak_rss_bytes"];
    out["run"] = run;
  }

  static constexpr double kLongest = 30 * 86400;  // seconds; epochs take what they take

  Session& session_;
  const Flags& f_;
  size_t classes_ = 10;
  vision::ImageShape input_;
};

std::string text_of(const OrderedJson& row, const char* key, int digits, double scale = 1) {
  if (!row.contains(key)) return "-";
  std::ostringstream out;
  out << std::fixed << std::setprecision(digits) << scale * row[key].get<double>();
  return out.str();
}

std::vector<std::string> cells(const OrderedJson& r) {
  return {r["model"],
          std::to_string(r["layers"].get<size_t>()),
          r["filters"],
          r["activation"],
          std::to_string(r["parameters"].get<uint64_t>()),
          text_of(r, "flops", 1, 1e-6),
          text_of(r, "forward_images_per_second", 0),
          text_of(r, "train_images_per_second", 0),
          r.contains("peak_rss_bytes") ? base::memory_text(r["peak_rss_bytes"]) : "-",
          text_of(r, "test_accuracy", 2, 100)};
}

const std::vector<std::string> kHead = {"model",  "layers",    "filters", "activation", "parameters",
                                        "Mflops", "forward/s", "train/s", "memory",     "accuracy %"};

void show(const OrderedJson& rows, bool markdown, std::ostream& out) {
  std::vector<std::vector<std::string>> table = {kHead};
  for (const auto& r : rows) table.push_back(cells(r));
  std::vector<size_t> width(kHead.size());
  for (const auto& line : table)
    for (size_t i = 0; i < line.size(); ++i) width[i] = std::max(width[i], line[i].size());
  for (size_t n = 0; n < table.size(); ++n) {
    for (size_t i = 0; i < width.size(); ++i) {
      const bool words = i == 0 || i == 2 || i == 3;
      out << (markdown ? (i == 0 ? "| " : " | ") : (i == 0 ? "" : "  ")) << (words ? std::left : std::right)
          << std::setw(static_cast<int>(width[i])) << table[n][i];
    }
    out << (markdown ? " |\n" : "\n");
    if (n > 0 || !markdown) continue;
    for (size_t i = 0; i < width.size(); ++i) out << (i == 0 || i == 2 || i == 3 ? "|---" : "|---:");
    out << "|\n";
  }
  for (const auto& r : rows)
    if (r.contains("error")) out << r["model"].get<std::string>() << ": " << r["error"].get<std::string>() << "\n";
}

void compare(Session& session, const Flags& f) {
  if (f.data.empty() != f.dataset.empty() || f.data.empty() != f.out.empty())
    throw Error(Code::Invalid, "to train, --data, --dataset and --out are all needed; to measure alone, none of them");
  if (!f.data.empty() && (f.minutes > 0) == (f.epochs > 0))
    throw Error(Code::Invalid, "to train, one budget is needed: --minutes or --epochs, the same for every model");
  for (const auto& name : f.models) vision::model_kind(name);
  const Comparison comparison(session, f);
  OrderedJson rows = OrderedJson::array();
  for (const auto& name : f.models) {
    Context::current().check();
    session.note(name + (f.data.empty() ? ": measuring" : ": measuring and training"));
    rows.push_back(comparison.row(name));
  }
  OrderedJson json = {{"dataset", f.dataset}, {"minutes", f.minutes}, {"epochs", f.epochs}, {"models", rows}};
  if (!f.out.empty()) {
    std::ostringstream table;
    show(rows, true, table);
    fs::create_directories(f.out);  // there is none where no net could be trained
    base::write_file_atomic(fs::path(f.out) / "comparison.md", table.str());
    base::write_file_atomic(fs::path(f.out) / "comparison.json", base::dump_json(json, 2) + "\n");
  }
  session.print(json, [&](std::ostream& out) { show(rows, f.markdown, out); });
}

std::vector<std::string> all_models() {
  std::vector<std::string> out;
  for (const auto& kind : vision::models()) out.push_back(kind.name);
  return out;
}

}  // namespace

void add_compare(Command& vision) {
  Command c =
      vision.subcommand("compare", "Compares nets: layers, filters, parameters, FLOPs, speed, memory, accuracy.",
                        "Without --data every net is measured on pictures of 3x32x32; with it, each is trained "
                        "under the same budget, and comparison.md, comparison.json and a run folder for each "
                        "are written into --out.");
  auto f = std::make_shared<Flags>();
  c.option("--models", f->models, "a net; may be given several times (default: all)");
  c.option("--data", f->data, "folder of a data set to train on");
  c.option("--dataset", f->dataset, "which data set that is");
  c.option("--out", f->out, "folder for runs and tables");
  c.option("--minutes", f->minutes, "how long each is trained", 0, 1e6);
  c.option("--epochs", f->epochs, "how often each sees every picture", 0, 1e6);
  c.option("--seconds", f->seconds, "how long speeds are measured (2)", 0, 3600);
  c.option("--batch", f->batch, "pictures at once when speeds are measured (64)", 1);
  c.choice("--precision", f->precision, {"auto", "float32", "bf16"}, "auto: what a measurement says is faster");
  c.device();
  c.flag("--markdown", f->markdown, "print the table as Markdown");
  c.run([f](Session& session) {
    if (f->models.empty()) f->models = all_models();
    compare(session, *f);
  });
}

}  // namespace hanok::app
