#include "show.h"

#include <cstdlib>
#include <filesystem>
#include <ostream>

namespace hanok::app {
namespace {

using base::OrderedJson;

OrderedJson page_or_null(int page) { return page > 0 ? OrderedJson(page) : OrderedJson(nullptr); }
OrderedJson text_or_null(const std::string& text) { return text.empty() ? OrderedJson(nullptr) : OrderedJson(text); }

struct Paint {
  bool on;
  std::string bold(const std::string& s) const { return on ? "\033[1m" + s + "\033[0m" : s; }
  std::string dim(const std::string& s) const { return on ? "\033[2m" + s + "\033[0m" : s; }
};

// One paragraph, blanks folded, cut at a code point after at most `most` bytes.
std::string one_line(const std::string& text, size_t most) {
  std::string out;
  for (const char c : text) {
    const bool blank = c == ' ' || c == '\n' || c == '\t' || c == '\r';
    if (!blank)
      out += c;
    else if (!out.empty() && out.back() != ' ')
      out += ' ';
  }
  if (out.size() <= most) return out;
  size_t cut = most;
  while (cut > 0 && (static_cast<unsigned char>(out[cut]) & 0xC0) == 0x80) --cut;
  return out.substr(0, cut) + "…";
}

}  // namespace

std::string short_path(const std::string& path) {
  std::error_code error;
  const std::string here = std::filesystem::current_path(error).string() + "/";
  if (!error && path.rfind(here, 0) == 0) return path.substr(here.size());
  const char* home = std::getenv("HOME");
  if (home && *home && path.rfind(std::string(home) + "/", 0) == 0) return "~" + path.substr(std::string(home).size());
  return path;
}

std::string place(const std::string& path, int page, const std::string& heading) {
  std::string out = short_path(path);
  if (page > 0) out += ", page " + std::to_string(page);
  if (!heading.empty()) out += ", " + heading;
  return out;
}

std::string also_in(const std::vector<std::string>& paths) {
  std::string out;
  for (const auto& path : paths) out += (out.empty() ? "also in " : ", ") + short_path(path);
  return out;
}

OrderedJson to_json(const chain::SearchResult& result, bool explain) {
  OrderedJson rows = OrderedJson::array();
  size_t rank = 0;
  for (const auto& hit : result.hits) {
    const auto& c = hit.chunk;
    rows.push_back({{"rank", ++rank},
                    {"score", hit.score},
                    {"path", c.path},
                    {"page", page_or_null(c.page)},
                    {"heading", text_or_null(c.heading)},
                    {"start", c.span.start},
                    {"end", c.span.end},
                    {"text", c.text},
                    {"also", hit.also},
                    {"explain", explain ? OrderedJson(chain::explain(result, hit)) : OrderedJson(nullptr)}});
  }
  const char* mode = result.mode == chain::Mode::Hybrid  ? "hybrid"
                     : result.mode == chain::Mode::Dense ? "dense"
                                                         : "keyword";
  return {{"results", rows}, {"mode", mode}, {"warnings", result.warnings}};
}

OrderedJson to_json(const chain::Answer& answer) {
  const auto list = [](const std::vector<chain::Citation>& citations) {
    OrderedJson out = OrderedJson::array();
    for (const auto& c : citations)
      out.push_back({{"n", c.n},
                     {"path", c.path},
                     {"page", page_or_null(c.page)},
                     {"heading", text_or_null(c.heading)},
                     {"start", c.span.start},
                     {"end", c.span.end},
                     {"quote", c.quote},
                     {"also", c.also}});
    return out;
  };
  return {{"answered", answer.answered},     {"answer", answer.answer},    {"citations", list(answer.citations)},
          {"nearest", list(answer.nearest)}, {"dropped", answer.dropped},  {"model", answer.model},
          {"confidence", answer.confidence}, {"warnings", answer.warnings}};
}

void show(std::ostream& out, const Session& session, const chain::SearchResult& result, bool explain) {
  const Paint paint{session.colours()};
  size_t rank = 0;
  for (const auto& hit : result.hits) {
    const auto& c = hit.chunk;
    char score[32];
    std::snprintf(score, sizeof score, "%.3f", hit.score);
    out << paint.bold(std::to_string(++rank) + ". " + place(c.path, c.page, c.heading))
        << paint.dim("  " + std::string(score)) << "\n";
    if (!hit.also.empty()) out << paint.dim("   " + also_in(hit.also)) << "\n";
    out << "   " << one_line(c.text, 320) << "\n";
    if (explain) out << paint.dim("   " + base::dump_json(chain::explain(result, hit))) << "\n";
  }
  if (result.hits.empty()) out << "nothing found\n";
  for (const auto& w : result.warnings) session.note("note: " + w);
}

void show_sources(std::ostream& out, const Session& session, const chain::Answer& answer) {
  const Paint paint{session.colours()};
  const auto show = [&](const std::vector<chain::Citation>& citations) {
    for (const auto& c : citations) {
      out << paint.bold("  [" + std::to_string(c.n) + "] " + place(c.path, c.page, c.heading)) << "\n";
      if (!c.also.empty()) out << paint.dim("      " + also_in(c.also)) << "\n";
      out << paint.dim("      \"" + one_line(c.quote, 240) + "\"") << "\n";
    }
  };
  show(answer.citations);
  if (!answer.nearest.empty()) {
    out << "What comes nearest:\n";
    show(answer.nearest);
  }
  for (const auto& d : answer.dropped) session.note("dropped: " + d);
  for (const auto& w : answer.warnings) session.note("note: " + w);
}

}  // namespace hanok::app
