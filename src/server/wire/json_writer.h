// Writes JSON text piece by piece, for answers that are mostly numbers: a tree of values is never built.
//
//   JsonWriter out;
//   out.open_object().key("ids").open_array().value("a").close_array().close_object();
//   reply = Reply::json(out.take());
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace hanok::server {

/// Commas are set by the writer. That brackets match and every member has a key is for the caller to see to.
class JsonWriter {
 public:
  JsonWriter& open_object() { return open('{'); }
  JsonWriter& close_object() { return close('}'); }
  JsonWriter& open_array() { return open('['); }
  JsonWriter& close_array() { return close(']'); }
  JsonWriter& key(std::string_view name);

  /// Bytes that are no UTF-8 become U+FFFD.
  JsonWriter& value(std::string_view text);
  JsonWriter& value(const char* text) { return value(std::string_view(text)); }
  JsonWriter& value(const std::string& text) { return value(std::string_view(text)); }
  JsonWriter& value(bool v) { return raw(v ? "true" : "false"); }
  JsonWriter& value(int64_t v);
  JsonWriter& value(uint64_t v);
  JsonWriter& value(int v) { return value(static_cast<int64_t>(v)); }
  JsonWriter& value(uint32_t v) { return value(static_cast<uint64_t>(v)); }
  /// The shortest text that reads back as the same number, always with a point or an exponent, so that readers of typed
  /// languages see a float; what is not finite becomes null.
  JsonWriter& value(float v);
  JsonWriter& value(double v);
  JsonWriter& null() { return raw("null"); }
  /// [v, v, ...]
  JsonWriter& values(std::span<const float> row);
  JsonWriter& values(std::span<const uint32_t> row);
  /// JSON text that is already there.
  JsonWriter& raw(std::string_view json);

  template <typename T>
  JsonWriter& member(std::string_view name, const T& v) {
    return key(name).value(v);
  }

  size_t size() const { return out_.size(); }
  std::string take() { return std::move(out_); }

 private:
  JsonWriter& open(char c);
  JsonWriter& close(char c);
  void separate();
  std::string out_;
  bool first_ = true;  // nothing stands yet between the bracket (or the key) and here
};

}  // namespace hanok::server
