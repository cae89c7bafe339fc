#include "text/tokenizers/json_view.h"

namespace hanok::text::tokenizers {
namespace {

template <typename T>
T get(const JsonView& view, const char* expected) {
  T out;
  if (view.value.get(out) != simdjson::SUCCESS) view.fail(Code::Invalid, std::string("expected ") + expected);
  return out;
}

}  // namespace

std::optional<JsonView> JsonView::find(std::string_view key) const {
  simdjson::dom::element found;
  if (object()[key].get(found) != simdjson::SUCCESS || found.is_null()) return std::nullopt;
  return JsonView{found, where.empty() ? std::string(key) : where + "." + std::string(key)};
}

JsonView JsonView::at(std::string_view key) const {
  auto found = find(key);
  if (!found) fail(Code::Invalid, "the key \"" + std::string(key) + "\" is missing");
  return *found;
}

simdjson::dom::object JsonView::object() const { return get<simdjson::dom::object>(*this, "an object"); }
simdjson::dom::array JsonView::array() const { return get<simdjson::dom::array>(*this, "an array"); }
std::string_view JsonView::string() const { return get<std::string_view>(*this, "a string"); }
bool JsonView::boolean() const { return get<bool>(*this, "true or false"); }

int64_t JsonView::integer(int64_t low, int64_t high) const {
  const int64_t n = get<int64_t>(*this, "an integer");
  if (n < low || n > high)
    fail(Code::Invalid, "expected an integer from " + std::to_string(low) + " to " + std::to_string(high) + ", found " +
                            std::to_string(n));
  return n;
}

std::string_view JsonView::string_or(std::string_view key, std::string_view otherwise) const {
  const auto found = find(key);
  return found ? found->string() : otherwise;
}

bool JsonView::bool_or(std::string_view key, bool otherwise) const {
  const auto found = find(key);
  return found ? found->boolean() : otherwise;
}

}  // namespace hanok::text::tokenizers
