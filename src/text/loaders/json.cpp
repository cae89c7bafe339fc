// JSON and JSON Lines: every value on a line with the path of its keys, "menu.tea.price: 4000".
#include <algorithm>

#include "base/json.h"
#include "text/loaders/writer.h"

namespace hanok::text {
namespace {

using base::OrderedJson;

std::string scalar(const OrderedJson& value) {
  if (value.is_string()) return value.get<std::string>();
  return value.is_null() ? std::string() : base::dump_json(value);
}

constexpr int kMaxDepth = 512;  // write() recurses

void write(Writer& out, const OrderedJson& value, const std::string& path) {
  if (value.is_object()) {
    for (const auto& [key, child] : value.items()) write(out, child, path.empty() ? key : path + "." + key);
  } else if (value.is_array()) {
    for (const auto& child : value) {
      if (child.is_object() && !out.empty()) out.paragraph();  // records stand apart
      write(out, child, path);
    }
  } else {
    const std::string text = scalar(value);
    if (trim(text).empty()) return;
    out.line();
    if (!path.empty()) out.text(path), out.text(": ");
    out.text(text);
    out.line();
  }
}

void find_title(Writer& out, const OrderedJson& value) {
  if (!value.is_object()) return;
  for (const char* key : {"title", "name"})
    if (value.contains(key) && value[key].is_string()) out.title(value[key].get<std::string>());
}

// nlohmann's sorted object loses the order of keys, which is the order a reader expects.
OrderedJson parse(const Source& source, std::string_view text) {
  const auto bounded = [&](int depth, OrderedJson::parse_event_t, OrderedJson&) {
    if (depth > kMaxDepth) source.fail(Code::Corrupt, "JSON nested deeper than " + std::to_string(kMaxDepth));
    return true;
  };
  try {
    return OrderedJson::parse(text, bounded);
  } catch (const OrderedJson::parse_error& e) {
    source.fail(Code::Corrupt,
                "not valid JSON: it breaks at byte " + std::to_string(e.byte) + " of " + std::to_string(text.size()));
  } catch (const OrderedJson::out_of_range&) {
    source.fail(Code::Corrupt, "not valid JSON: a number in it is larger than any double");
  }
}

}  // namespace

Document load_json(const Source& source) {
  Writer out(source);
  const OrderedJson value = parse(source, decode_text(source));
  find_title(out, value);
  write(out, value, {});
  return out.finish();
}

Document load_jsonl(const Source& source) {
  const std::string text = decode_text(source);
  Writer out(source);
  size_t number = 0;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    const std::string_view line = trim(std::string_view(text).substr(at, end - at));
    at = end + 1;
    ++number;
    if (line.empty()) continue;
    try {
      out.paragraph();
      write(out, parse(source, line), {});
    } catch (const Error& e) {
      if (e.code() != Code::Corrupt) throw;
      source.fail(Code::Corrupt, "line " + std::to_string(number) + " is not valid JSON");
    }
  }
  return out.finish();
}

}  // namespace hanok::text
