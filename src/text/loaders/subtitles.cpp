// SubRip and WebVTT: spoken text without numbers and tags. Each minute begins with a heading of its time, so that an
// answer can cite when something was said.
#include <algorithm>
#include <cstdio>
#include <optional>
#include <vector>

#include "text/loaders/writer.h"

namespace hanok::text {
namespace {

constexpr size_t kMaxTag = 256;

// "01:02:03,500" or "02:03.500" -> seconds.
std::optional<long> seconds(std::string_view time) {
  long total = 0, field = 0;
  int digits = 0, colons = 0;
  for (const char c : time) {
    if (c >= '0' && c <= '9') {
      if (++digits > 4) return std::nullopt;
      field = field * 10 + (c - '0');
    } else if (c == ':' && digits > 0 && colons < 2) {
      total = (total + field) * 60;
      field = 0, digits = 0, ++colons;
    } else {
      break;
    }
  }
  return colons > 0 && digits > 0 ? std::optional<long>(total + field) : std::nullopt;
}

// The start of "00:00:01,000 --> 00:00:04,000 align:left"; nothing for other lines.
std::optional<long> cue_start(std::string_view line) {
  return line.find("-->") == line.npos ? std::nullopt : seconds(trim(line));
}

// "<v Mina>Hello <i>there</i>" -> "Mina: Hello there"; "{\an8}" goes too.
std::string spoken(std::string_view line) {
  std::string out;
  for (size_t i = 0; i < line.size(); ++i) {
    const char close = line[i] == '<' ? '>' : line.substr(i, 2) == "{\\" ? '}' : 0;
    const size_t found = close ? line.substr(i, kMaxTag).find(close) : line.npos;
    const size_t end = found == line.npos ? found : i + found;
    if (end == line.npos) {
      out.push_back(line[i]);
      continue;
    }
    const std::string_view tag = line.substr(i + 1, end - i - 1);
    if (close == '>' && tag.starts_with("v ")) out.append(trim(tag.substr(2))).append(": ");
    i = end;
  }
  return collapse_blanks(out);
}

std::string clock_text(long minute) {
  char text[32];
  std::snprintf(text, sizeof text, "%02ld:%02ld:00", minute / 60, minute % 60);
  return text;
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    lines.push_back(trim(text.substr(0, end)));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

}  // namespace

Document load_subtitles(const Source& source) {
  const std::string text = decode_text(source);
  Writer out(source);
  bool in_cue = false;
  long minute = -1;
  std::string last;
  for (const auto line : lines_of(text)) {
    if (const auto start = cue_start(line)) {
      in_cue = true;
      if (*start / 60 != minute) out.heading(1, clock_text(minute = *start / 60));
    } else if (line.empty()) {
      in_cue = false;  // what follows is a number, a NOTE, a STYLE, until the next time
    } else if (in_cue) {
      const std::string words = spoken(line);
      if (words.empty() || words == last) continue;  // rolling captions repeat the line before
      out.line();
      out.text(words);
      last = words;
    }
  }
  if (out.empty() && !trim(text).empty())
    source.fail(Code::Corrupt,
                "named " + std::string(source.suffix()) + " but no line has a time (00:00:01,000 --> ...)");
  return out.finish();
}

}  // namespace hanok::text
