#include "chain/ingest/source_texts.h"

#include <algorithm>

#include "base/hash.h"
#include "base/json.h"

namespace hanok::chain {
namespace {

constexpr size_t kShownHash = 16;  // hexadecimal digits: one in 2^32 of four thousand million texts has a twin
constexpr const char* kNoSource = "text";

std::string source_of_key(const std::string& key) { return key.substr(0, key.rfind('#')); }

SourceText read_line(const std::string& line, const std::string& where) {
  const auto json = base::parse_json(line, where);
  const auto expected = [&](const char* what) {
    return Error(Code::Invalid, where + ": expected " + what +
                                    R"(, as {"text": "...", "source": "a.html", "metadata": {"year": 2026}})");
  };
  if (!json.is_object()) throw expected("a JSON object");
  SourceText out;
  for (const auto& [key, value] : json.items()) {
    if (key == "metadata" && value.is_object())
      out.metadata = value;
    else if ((key == "text" || key == "source") && value.is_string())
      (key == "text" ? out.text : out.source) = value.get<std::string>();
    else
      throw expected(R"("text", "source" (texts) and "metadata" (an object) and nothing else)");
  }
  if (!json.contains("text")) throw expected(R"("text")");
  return out;
}

}  // namespace

std::string source_text_hash(const SourceText& text) {
  return base::sha256_hex(base::dump_json(base::Json{text.text, source_text_metadata(text)}));
}

std::string source_text_key(const SourceText& text) {
  return (text.source.empty() ? kNoSource : text.source) + "#" + source_text_hash(text).substr(0, kShownHash);
}

text::Document as_document(const SourceText& text) {
  text::Document out;
  out.text = text::nfc(text.text);
  out.format = kTextFormat;
  return out;
}

store::Json source_text_metadata(const SourceText& text) {
  store::Json out = text.metadata;
  if (!text.source.empty()) out["source"] = text.source;
  return out;
}

std::vector<std::string> gone_texts(std::span<const std::string> stored, const std::set<std::string>& present,
                                    Cleanup cleanup, bool prune, std::vector<std::string>& warnings) {
  if (cleanup == Cleanup::None) return {};
  const bool full = cleanup == Cleanup::Full;
  if (full && present.empty() && !prune) {
    if (!stored.empty())
      warnings.push_back("no text was given, so all " + std::to_string(stored.size()) +
                         " are kept; run again with --prune to forget them");
    return {};
  }
  std::set<std::string> sources;
  for (const auto& key : present) sources.insert(source_of_key(key));
  sources.erase(kNoSource);
  std::vector<std::string> out;
  for (const auto& key : stored)
    if (!present.count(key) && (full || sources.count(source_of_key(key)))) out.push_back(key);
  return out;
}

std::vector<SourceText> read_source_texts(std::string_view lines, const std::string& name) {
  std::vector<SourceText> out;
  size_t number = 0;
  while (!lines.empty()) {
    const size_t end = std::min(lines.find('\n'), lines.size());
    const std::string line(lines.substr(0, end));
    lines.remove_prefix(std::min(end + 1, lines.size()));
    ++number;
    if (line.find_first_not_of(" \t\r") != line.npos)
      out.push_back(read_line(line, name + ", line " + std::to_string(number)));
  }
  return out;
}

Cleanup cleanup_named(std::string_view name) {
  for (const Cleanup c : {Cleanup::None, Cleanup::Incremental, Cleanup::Full})
    if (cleanup_name(c) == name) return c;
  throw Error(Code::Invalid, "cleanup '" + std::string(name) + "': none, incremental or full was expected");
}

std::string_view cleanup_name(Cleanup cleanup) {
  return cleanup == Cleanup::None ? "none" : cleanup == Cleanup::Full ? "full" : "incremental";
}

}  // namespace hanok::chain
