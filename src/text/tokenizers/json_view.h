// Reading tokenizer.json: values by key, with errors that name the place.
#pragma once

#include <simdjson.h>

#include <optional>
#include <string>
#include <string_view>

#include "hanok/error.h"

namespace hanok::text::tokenizers {

/// A JSON value and where it stands ("normalizer.normalizers[1]"). Valid while the parser that made it lives.
struct JsonView {
  simdjson::dom::element value;
  std::string where;

  [[noreturn]] void fail(Code code, const std::string& what) const { throw Error(code, where + ": " + what); }
  bool is_null() const { return value.is_null(); }

  /// Absent keys and null give nothing.
  std::optional<JsonView> find(std::string_view key) const;
  JsonView at(std::string_view key) const;
  JsonView item(size_t index, simdjson::dom::element element) const {
    return {element, where + "[" + std::to_string(index) + "]"};
  }

  simdjson::dom::object object() const;
  simdjson::dom::array array() const;
  std::string_view string() const;
  int64_t integer(int64_t low, int64_t high) const;
  bool boolean() const;

  std::string_view string_or(std::string_view key, std::string_view otherwise) const;
  bool bool_or(std::string_view key, bool otherwise) const;
  std::string_view type() const { return at("type").string(); }
};

/// Ids above this are refused: a table by id would eat the memory, and no vocabulary is near it (16.8 million).
constexpr int64_t kMaxTokenId = (1 << 24) - 3;
/// Sequences inside sequences: real files have one or two levels.
constexpr int kMaxNesting = 16;

}  // namespace hanok::text::tokenizers
