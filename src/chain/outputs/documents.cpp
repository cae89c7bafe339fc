// Readers of answers in JSON and XML.
#include <pugixml.hpp>

#include "base/json.h"
#include "chain/outputs/find_json.h"
#include "chain/outputs/schema_check.h"
#include "hanok/outputs.h"

namespace hanok::chain {
namespace {

constexpr size_t kShown = 200;  // bytes of an answer in a message
constexpr int kDeepest = 128;   // elements inside one another

std::string start(std::string_view answer) { return std::string(answer.substr(0, kShown)); }

base::OrderedJson read_json(std::string_view answer) {
  const std::string_view text = find_json(answer);
  try {
    (void)base::parse_json(text, "the answer");  // refuses deep nesting
    return base::OrderedJson::parse(text);
  } catch (const Error& e) {
    throw Error(Code::Corrupt, std::string(e.what()) + ", in '" + start(answer) + "'");
  }
}

Json element(const pugi::xml_node& node, int depth) {
  if (depth > kDeepest) throw Error(Code::Corrupt, "the answer: its XML nests deeper than " + std::to_string(kDeepest));
  Json children = Json::array();
  for (const auto& child : node.children())
    if (child.type() == pugi::node_element) children.push_back(element(child, depth + 1));
  if (!children.empty()) return {{node.name(), children}};
  const std::string text = node.text().as_string();
  return {{node.name(), text.empty() ? Json(nullptr) : Json(text)}};
}

}  // namespace

Parser<Json> json_parser() {
  return {"json", [](std::string_view answer) { return Json(read_json(answer)); },
          "Answer with one JSON value and nothing else."};
}

Parser<Json> schema_parser(const std::string& schema) {
  const auto parsed = base::parse_json(schema, "schema");
  const auto ordered = base::OrderedJson::parse(schema);
  return {"schema",
          [ordered](std::string_view answer) {
            const auto value = read_json(answer);
            if (const auto why = why_not(ordered, value); !why.empty())
              throw Error(Code::Corrupt, "the answer: " + why);
            return Json(value);
          },
          "Answer with one JSON value that satisfies this schema and nothing else:\n" + base::dump_json(parsed),
          {.json_schema = schema, .regex = {}, .grammar = {}}};
}

Parser<Json> xml_parser() {
  return {"xml",
          [](std::string_view answer) {
            const size_t open = answer.find('<'), close = answer.rfind('>');
            pugi::xml_document document;
            const bool any = open != answer.npos && close != answer.npos && close > open;
            const std::string_view text = any ? answer.substr(open, close - open + 1) : std::string_view();
            const auto result =
                document.load_buffer(text.data(), text.size(), pugi::parse_default, pugi::encoding_utf8);
            const auto root = document.document_element();
            if (!any || !result || !root)
              throw Error(Code::Corrupt, std::string("the answer: XML was expected (") +
                                             (any ? result.description() : "there is no element") + "), found '" +
                                             start(answer) + "'");
            return element(root, 0);
          },
          "Answer with one XML element and nothing else."};
}

}  // namespace hanok::chain
