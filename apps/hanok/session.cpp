#include "session.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <memory>

#include "base/clock.h"
#include "base/file.h"
#include "hanok/error.h"

namespace hanok::app {
namespace {

std::string environment(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  return value ? value : "";
}

std::string home() {
  const std::string folder = environment("HOME");
  return folder.empty() ? "." : folder;
}

std::string under(const std::string& xdg, const std::string& fallback) {
  const std::string folder = environment(xdg);
  return folder.empty() ? home() + fallback : folder;
}

// Where the server is that has a data directory open; "" where it said nothing.
std::string server_address(const std::string& folder) {
  const std::filesystem::path file = std::filesystem::path(folder) / "server.json";
  if (!std::filesystem::exists(file)) return {};
  const auto json = base::Json::parse(base::read_file(file, 1 << 16), nullptr, false);
  return json.is_object() ? json.value("url", "") : std::string();
}

// Draws at most ten times a second; erases itself at the end.
class Bar {
 public:
  ~Bar() {
    if (drawn_) std::cerr << "\r\033[K" << std::flush;
  }
  void draw(const Progress& p) {
    const double now = watch_.seconds();
    if (p.what != what_) what_ = p.what, first_ = p.done, begun_ = now;
    if (now - last_ < 0.1) return;
    last_ = now;
    drawn_ = true;
    const double seconds = std::max(1e-3, now - begun_), rate = static_cast<double>(p.done - first_) / seconds;
    std::string line = p.what + " " + with_commas(p.done);
    if (p.total > 0) {
      const size_t cells = 24, full = std::min<size_t>(cells, cells * p.done / p.total);
      line += "/" + with_commas(p.total) + " [" + std::string(full, '#') + std::string(cells - full, '.') + "]";
    }
    if (rate > 0) line += " " + with_commas(static_cast<uint64_t>(rate)) + "/s";
    const bool moves = rate > 0 && p.total > p.done;
    const double left = p.seconds_left.value_or(moves ? static_cast<double>(p.total - p.done) / rate : -1);
    if (left >= 0) line += " " + human_seconds(left) + " left";
    std::cerr << "\r\033[K" << line << std::flush;
  }

 private:
  base::Stopwatch watch_;
  double last_ = -1, begun_ = 0;
  uint64_t first_ = 0;
  std::string what_;
  bool drawn_ = false;
};

}  // namespace

const std::vector<Setting>& setting_table() {
  static const std::vector<Setting> table = {
      {"data", "HANOK_DATA", under("XDG_DATA_HOME", "/.local/share") + "/hanok", "data directory"},
      {"collection", "HANOK_COLLECTION", "default", "collection used when -c is not given"},
      {"model", "HANOK_MODEL", "",
       "chat model: a .gguf file, a folder, ORG/NAME, or the URL of an OpenAI-compatible server (URL#MODEL)"},
      {"model-timeout", "HANOK_MODEL_TIMEOUT", "600", "seconds that the chat model's server is given for one answer"},
      {"tokenizer", "HANOK_TOKENIZER", "",
       "tokenizer of the chat model: tokenizer.json, its folder, or ORG/NAME; empty = by the model's name if it is in "
       "the cache"},
      {"embedding-model", "HANOK_EMBEDDING_MODEL", "",
       "embedding model: a folder or ORG/NAME; empty = the default model if it is there; none = keywords only"},
      {"embedding-precision", "HANOK_EMBEDDING_PRECISION", "",
       "what the embedding model computes in: float32, or int8 (two to four times as fast); empty = what a collection's "
       "vectors were made in, int8 for a new one, float32 for vectors that are put out"},
      {"cache", "HANOK_CACHE", "off",
       "on: answers that are the same each time (temperature 0, or a seed) and vectors are kept in the data directory and "
       "given again"},
      {"prompts", "HANOK_PROMPTS", "", "folder with your own prompts, NAME.txt each (hanok prompts list)"},
      {"max-tokens", "HANOK_MAX_TOKENS", "256", "tokens in a chunk at most"},
      {"overlap-tokens", "HANOK_OVERLAP_TOKENS", "32", "tokens of the chunk before that are repeated at most"},
  };
  return table;
}

std::string Session::config_path() const {
  const std::string named = environment("HANOK_CONFIG");
  return named.empty() ? under("XDG_CONFIG_HOME", "/.config") + "/hanok/config.json" : named;
}

base::Json Session::config_file() const {
  const std::string path = config_path();
  if (!std::filesystem::exists(path)) return base::Json::object();
  base::Json value = base::parse_json(base::read_file(path, 1 << 20), path);
  if (!value.is_object()) throw Error(Code::Invalid, path + ": an object {\"key\": \"value\"} was expected");
  return value;
}

std::pair<std::string, std::string> Session::setting(const std::string& key) const {
  const auto& table = setting_table();
  const auto row = std::find_if(table.begin(), table.end(), [&](const Setting& s) { return s.key == key; });
  if (row == table.end()) {
    std::string known;
    for (const auto& s : table) known += (known.empty() ? "" : ", ") + s.key;
    throw Error(Code::NotFound, "there is no setting '" + key + "'; there are: " + known);
  }
  if (key == "data" && !data_flag.empty()) return {data_flag, "flag"};
  if (key == "collection" && !collection_flag.empty()) return {collection_flag, "flag"};
  if (key == "cache" && !cache_flag.empty()) return {cache_flag, "flag"};
  if (key == "embedding-model" && !embedding_flag.empty()) return {embedding_flag, "flag"};
  if (key == "embedding-precision" && !precision_flag.empty()) return {precision_flag, "flag"};
  const std::string value = environment(row->environment);
  if (!value.empty()) return {value, row->environment};
  const base::Json file = config_file();
  if (const auto found = file.find(key); found != file.end() && found->is_string())
    return {found->get<std::string>(), config_path()};
  return {row->fallback, "default"};
}

std::string Session::data_folder() const { return get("data"); }
std::string Session::collection_name() const { return get("collection"); }

store::Store& Session::store(bool write) {
  if (!store_ || (write && !store_writes_)) {
    const std::string folder = data_folder();
    if (!write && !std::filesystem::exists(folder + "/hanok.db"))
      throw Error(Code::NotFound, folder + ": no documents here yet; begin with: hanok ingest FOLDER");
    store_.reset();
    try {
      store_ = store::Store::open(folder, {.read_only = !write, .background = background});
    } catch (const Error& error) {
      const std::string url = error.code() == Code::Unavailable && write ? server_address(folder) : std::string();
      if (url.empty()) throw;
      throw Error(Code::Unavailable, std::string(error.what()) + ". It is a server, at " + url +
                                         ": write through it (docs/how-to/serve.md), let it read folders (hanok serve "
                                         "--watch FOLDER), or stop it first");
    }
    store_writes_ = write;
  }
  return *store_;
}

std::string Session::server_of_data() const {
  const std::string folder = data_folder(), url = server_address(folder);
  if (url.empty()) return "";
  try {
    const base::FileLock nobody(folder + "/lock");  // it was killed, and its file stayed
    return "";
  } catch (const Error&) {
    return url;
  }
}

store::Collection& Session::collection(bool write, bool create) {
  return *store(write).collection(collection_name(), create);
}

void Session::print(const base::OrderedJson& value, const std::function<void(std::ostream&)>& human) const {
  if (json)
    std::cout << base::dump_json(value) << std::endl;
  else
    human(std::cout);
}

void Session::note(const std::string& line) const {
  if (!quiet) std::cerr << line << "\n";
}

bool Session::colours() const { return ::isatty(1) && !std::getenv("NO_COLOR"); }

std::function<void(const Progress&)> Session::progress_bar() const {
  if (quiet || !::isatty(2)) return {};
  return [bar = std::make_shared<Bar>()](const Progress& p) { bar->draw(p); };
}

bool Session::build_index(store::Collection& collection, bool anew) const {
  return with_bar([&] { return collection.build_index({.anew = anew, .threads = threads_flag}); });
}

std::string with_commas(uint64_t n) {
  std::string digits = std::to_string(n);
  for (size_t at = digits.size(); at > 3;) digits.insert(at -= 3, ",");
  return digits;
}

std::string human_bytes(double bytes) {
  const char* units[] = {"B", "kB", "MB", "GB", "TB"};
  size_t unit = 0;
  while (bytes >= 1000 && unit < 4) bytes /= 1000, ++unit;
  char text[32];
  std::snprintf(text, sizeof text, unit == 0 || bytes >= 100 ? "%.0f %s" : "%.1f %s", bytes, units[unit]);
  return text;
}

std::string human_seconds(double seconds) {
  char text[48];
  if (seconds < 60)
    std::snprintf(text, sizeof text, seconds < 10 ? "%.1f s" : "%.0f s", seconds);
  else if (seconds < 3600)
    std::snprintf(text, sizeof text, "%d min %02d s", static_cast<int>(seconds) / 60, static_cast<int>(seconds) % 60);
  else
    std::snprintf(text, sizeof text, "%d h %02d min", static_cast<int>(seconds) / 3600,
                  static_cast<int>(seconds) / 60 % 60);
  return text;
}

}  // namespace hanok::app
