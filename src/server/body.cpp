#include "server/body.h"

#include <cmath>

#include "text/utf8.h"

namespace hanok::server {
namespace {

constexpr size_t kShown = 60;  // bytes of a value in a message

std::string shown(const base::Json& value) {
  std::string text = base::dump_json(value);
  if (text.size() > kShown) text = text::replace_invalid(text.substr(0, kShown)) + "...";
  return text;
}

}  // namespace

base::Json json_body(const Request& request) {
  const auto refuse = [](const std::string& message) {
    throw Refusal({.status = 400, .message = message, .code = "invalid_json"});
  };
  if (request.body.empty()) refuse("a JSON object was expected as the body, found nothing");
  try {
    base::Json out = base::parse_json(request.body, "the body");
    if (out.is_object()) return out;
    refuse("a JSON object was expected as the body, found " + std::string(out.type_name()));
  } catch (const Refusal&) {
    throw;
  } catch (const Error& error) {
    refuse(text::replace_invalid(error.what()));
  }
  return {};
}

void wrong_field(const std::string& name, const std::string& expected, const base::Json& found) {
  throw Refusal(
      {.status = 400,
       .message = name + ": " + expected + " was expected, found " + (found.is_null() ? "nothing" : shown(found)),
       .code = "invalid",
       .param = name});
}

const base::Json* field(const base::Json& object, const char* name) {
  const auto at = object.find(name);
  return at == object.end() || at->is_null() ? nullptr : &*at;
}

std::optional<std::string> text_field_or_none(const base::Json& object, const char* name) {
  const base::Json* value = field(object, name);
  if (!value) return std::nullopt;
  if (!value->is_string()) wrong_field(name, "a string", *value);
  return value->get<std::string>();
}

std::string text_field(const base::Json& object, const char* name) {
  auto out = text_field_or_none(object, name);
  if (!out) wrong_field(name, "a string", nullptr);
  return *out;
}

bool flag_field(const base::Json& object, const char* name, bool otherwise) {
  const base::Json* value = field(object, name);
  if (!value) return otherwise;
  if (!value->is_boolean()) wrong_field(name, "true or false", *value);
  return value->get<bool>();
}

std::optional<double> number_field(const base::Json& object, const char* name, double least, double most) {
  const base::Json* value = field(object, name);
  if (!value) return std::nullopt;
  const double number = value->is_number() ? value->get<double>() : std::nan("");
  if (!(number >= least && number <= most))
    wrong_field(name, "a number from " + base::Json(least).dump() + " to " + base::Json(most).dump(), *value);
  return number;
}

std::optional<int64_t> whole_field(const base::Json& object, const char* name, int64_t least, int64_t most) {
  const base::Json* value = field(object, name);
  if (!value) return std::nullopt;
  const std::string expected = "a whole number from " + std::to_string(least) + " to " + std::to_string(most);
  if (!value->is_number()) wrong_field(name, expected, *value);
  const double number = value->get<double>();
  if (number != std::floor(number) || number < static_cast<double>(least) || number > static_cast<double>(most))
    wrong_field(name, expected, *value);
  return value->is_number_float() ? static_cast<int64_t>(number) : value->get<int64_t>();
}

std::vector<std::string> texts_field(const base::Json& object, const char* name) {
  const base::Json* value = field(object, name);
  if (!value) return {};
  if (value->is_string()) return {value->get<std::string>()};
  std::vector<std::string> out;
  if (!value->is_array()) wrong_field(name, "a string or a list of strings", *value);
  for (const auto& one : *value) {
    if (!one.is_string()) wrong_field(name, "a string or a list of strings", *value);
    out.push_back(one.get<std::string>());
  }
  return out;
}

}  // namespace hanok::server
