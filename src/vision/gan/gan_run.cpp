#include "vision/gan/gan_run.h"

#include <cmath>
#include <cstdio>
#include <sstream>

#include "base/file.h"
#include "base/json.h"
#include "hanok/error.h"
#include "train/plot.h"

namespace hanok::vision {
namespace {

constexpr const char* kFormat = "hanok-gan-1";
constexpr size_t kMostBytes = 1 << 20;
constexpr size_t kMostLatent = 1 << 16, kMostWidth = 1 << 12, kMostParameters = size_t{1} << 40;
constexpr const char* kHead = "epoch,d_loss,g_loss,d_real,d_fake,spread,confident,classes,entropy,frechet\n";
constexpr size_t kColumns = 10;

[[noreturn]] void corrupt(const std::string& file, const std::string& what) {
  throw Error(Code::Corrupt, file + ": " + what + " (docs/formats/gan-run.md)");
}

// Empty where it is no text.
std::string text_of(const base::Json& json, const char* key) {
  const auto found = json.find(key);
  return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
}

size_t size_of(const base::Json& json, const char* key, size_t most, const std::string& file) {
  const auto found = json.find(key);
  if (found == json.end() || !found->is_number_unsigned() || found->get<size_t>() < 1 || found->get<size_t>() > most)
    corrupt(file, std::string("'") + key + "': a whole number from 1 to " + std::to_string(most) + " was expected");
  return found->get<size_t>();
}

}  // namespace

GanRun read_gan_run(const std::filesystem::path& folder) {
  const std::string file = (folder / "gan.json").string();
  const base::Json json = base::parse_json(base::read_file(file, kMostBytes), file);
  if (!json.is_object()) corrupt(file, "an object was expected");
  const std::string format = text_of(json, "format");
  if (format != kFormat) throw Error(Code::Unsupported, file + ": format '" + format + "', expected '" + kFormat + "'");
  GanRun run{.data_set = text_of(json, "dataset")};
  run.latent = size_of(json, "latent", kMostLatent, file);
  if (json.contains("categories")) run.categories = size_of(json, "categories", kMostLatent, file);
  run.width = size_of(json, "width", kMostWidth, file);
  run.channels = size_of(json, "channels", 4, file);
  run.side = size_of(json, "side", 64, file);
  run.parameters = size_of(json, "parameters", kMostParameters, file);
  return run;
}

void write_gan_run(const std::filesystem::path& folder, const GanRun& run) {
  base::OrderedJson json = {{"format", kFormat}, {"dataset", run.data_set}, {"latent", run.latent}};
  if (run.categories > 0) json["categories"] = run.categories;
  json["width"] = run.width, json["channels"] = run.channels, json["side"] = run.side;
  json["parameters"] = run.parameters;
  base::write_file_atomic(folder / "gan.json", base::dump_json(json, 2) + "\n");
}

void write_gan_rows(const std::filesystem::path& folder, const std::vector<GanRow>& rows) {
  std::string csv = kHead;
  std::vector<train::Curve> losses = {{"D", {}}, {"G", {}}}, probabilities = {{"D(x)", {}}, {"D(G(z))", {}}},
                            judge = {{"confident", {}}};
  for (const GanRow& r : rows) {
    char line[256];
    std::snprintf(line, sizeof line, "%zu,%.9g,%.9g,%.9g,%.9g,%.9g,%.9g,%.9g,%.9g,%.9g\n", r.epoch, r.d_loss, r.g_loss,
                  r.d_real, r.d_fake, r.spread, r.confident, r.classes, r.entropy, r.frechet);
    csv += line;
    losses[0].y.push_back(r.d_loss), losses[1].y.push_back(r.g_loss);
    probabilities[0].y.push_back(r.d_real), probabilities[1].y.push_back(r.d_fake);
    if (r.confident >= 0) judge[0].y.push_back(r.confident);
  }
  base::write_file_atomic(folder / "gan.csv", csv);
  const auto plots = folder / "plots";
  std::filesystem::create_directories(plots);
  train::write_plot(plots / "gan", "Losses of both", losses);
  train::write_plot(plots / "gan-d", "How real the discriminator takes them for", probabilities);
  if (!judge[0].y.empty()) train::write_plot(plots / "gan-judge", "Samples that the judge is sure of", judge);
}

std::vector<GanRow> read_gan_rows(const std::filesystem::path& folder) {
  const auto file = folder / "gan.csv";
  std::vector<GanRow> rows;
  if (!std::filesystem::exists(file)) return rows;
  std::istringstream lines(base::read_file(file));
  std::string line;
  std::getline(lines, line);
  if (line + "\n" != kHead) corrupt(file.string(), "its first line is not the one expected");
  while (std::getline(lines, line)) {
    std::vector<double> v;
    const char* at = line.c_str();
    for (char* end = nullptr; *at; at = *end ? end + 1 : end) {
      v.push_back(std::strtod(at, &end));
      if (end == at) corrupt(file.string(), "line " + std::to_string(rows.size() + 2) + " is no list of numbers");
    }
    if (v.size() != kColumns) corrupt(file.string(), "line " + std::to_string(rows.size() + 2) + " has other columns");
    rows.push_back({static_cast<size_t>(v[0]), v[1], v[2], v[3], v[4], v[5], v[6], v[7], v[8], v[9]});
  }
  return rows;
}

std::optional<std::string> collapse(const GanRow& row, size_t classes) {
  constexpr double kSure = 0.98, kNever = 0.02, kLeastSpread = 0.5;
  char text[192];
  if (row.d_real > kSure && row.d_fake < kNever)
    std::snprintf(text, sizeof text,
                  "the discriminator is right about nearly everything (D(x) %.3f, D(G(z)) %.3f), so the generator has "
                  "little to follow: a lower learning rate or --smooth 0.9 may help",
                  row.d_real, row.d_fake);
  else if (row.spread < kLeastSpread)
    std::snprintf(text, sizeof text,
                  "samples vary %.0f %% as much as real pictures: the generator may make the same few (mode collapse)",
                  100 * row.spread);
  else if (row.classes >= 0 && row.classes < static_cast<double>(classes))
    std::snprintf(text, sizeof text, "the judge finds %.0f of %zu classes among the samples (mode collapse)",
                  row.classes, classes);
  else
    return std::nullopt;
  return std::string(text);
}

}  // namespace hanok::vision
