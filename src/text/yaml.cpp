#include "text/yaml.h"

#include <yaml-cpp/yaml.h>

#include <charconv>
#include <cmath>

#include "hanok/error.h"
#include "text/utf8.h"

namespace hanok::text {
namespace {

using base::OrderedJson;

constexpr size_t kDeepest = 64, kMostValues = 100'000;

std::string place(const YAML::Mark& mark) {
  if (mark.is_null()) return "";
  return " at line " + std::to_string(mark.line + 1) + ", column " + std::to_string(mark.column + 1);
}

template <typename T>
bool parses(const std::string& text, T& value) {
  const char* from = text.data() + (!text.empty() && text[0] == '+');
  const auto [end, error] = std::from_chars(from, text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

OrderedJson scalar(const YAML::Node& node) {
  const std::string& text = node.Scalar();
  if (node.Tag() == "!") return text;  // it was quoted
  if (text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL") return nullptr;
  if (text == "true" || text == "True" || text == "TRUE") return true;
  if (text == "false" || text == "False" || text == "FALSE") return false;
  int64_t whole = 0;
  if (parses(text, whole)) return whole;
  double number = 0;
  const bool digits = text.find_first_of("0123456789") != text.npos;  // "inf" and "nan" are words here
  if (digits && parses(text, number) && std::isfinite(number)) return number;
  return text;
}

class Reader {
 public:
  explicit Reader(std::string_view what, YamlLines* lines = nullptr) : what_(what), lines_(lines) {}

  OrderedJson read(const YAML::Node& node, size_t depth = 0, const std::string& place = "") {
    if (lines_ && !node.Mark().is_null()) (*lines_)[place] = static_cast<size_t>(node.Mark().line) + 1;
    if (depth > kDeepest) fail(node, "nests deeper than " + std::to_string(kDeepest));
    if (++values_ > kMostValues) fail(node, "holds more than " + std::to_string(kMostValues) + " values");
    switch (node.Type()) {
      case YAML::NodeType::Scalar:
        return scalar(node);
      case YAML::NodeType::Sequence: {
        OrderedJson out = OrderedJson::array();
        for (const auto& item : node) {
          std::string inside = place + "/" + std::to_string(out.size());
          out.push_back(read(item, depth + 1, inside));
        }
        return out;
      }
      case YAML::NodeType::Map: {
        OrderedJson out = OrderedJson::object();
        for (const auto& pair : node) {
          if (!pair.first.IsScalar()) fail(pair.first, "has a key that is no scalar");
          const std::string& key = pair.first.Scalar();
          if (out.contains(key)) fail(pair.first, "has the key '" + key + "' twice");
          out[key] = read(pair.second, depth + 1, place + "/" + key);
          // A value in a block stands below its key: the key's line is where one looks.
          if (lines_ && !pair.first.Mark().is_null())
            (*lines_)[place + "/" + key] = static_cast<size_t>(pair.first.Mark().line) + 1;
        }
        return out;
      }
      case YAML::NodeType::Null:
      case YAML::NodeType::Undefined:
        break;
    }
    return nullptr;
  }

 private:
  [[noreturn]] void fail(const YAML::Node& node, const std::string& why) const {
    throw Error(Code::Invalid, std::string(what_) + ": " + why + place(node.Mark()));
  }
  std::string_view what_;
  YamlLines* lines_;
  size_t values_ = 0;
};

}  // namespace

namespace {

OrderedJson parse(std::string_view text, std::string_view what, YamlLines* lines) {
  if (!valid_utf8(text)) throw Error(Code::Invalid, std::string(what) + ": is no UTF-8 text");
  try {
    return Reader(what, lines).read(YAML::Load(std::string(text)));
  } catch (const YAML::Exception& e) {
    throw Error(Code::Invalid, std::string(what) + ": not YAML: " + e.msg + place(e.mark));
  }
}

}  // namespace

OrderedJson parse_yaml(std::string_view text, std::string_view what) { return parse(text, what, nullptr); }
OrderedJson parse_yaml(std::string_view text, std::string_view what, YamlLines& lines) {
  return parse(text, what, &lines);
}

}  // namespace hanok::text
