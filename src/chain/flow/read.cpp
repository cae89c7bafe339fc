// A YAML text as a flow, checked before it runs.
#include <algorithm>
#include <set>

#include "chain/flow/flow.h"
#include "hanok/error.h"
#include "lm/grammar/json_schema.h"
#include "text/yaml.h"

namespace hanok::chain {
namespace {

using base::OrderedJson;

constexpr size_t kDeepest = 8;  // steps inside of steps
constexpr double kHottest = 100;

using Names = std::set<std::string>;

class Reader {
 public:
  Reader(std::string_view yaml, const std::string& what) : what_(what), json_(text::parse_yaml(yaml, what, lines_)) {}

  Flow::Impl read() {
    Flow::Impl out;
    out.what = what_;
    known(json_, "", {"name", "description", "inputs", "steps", "output"});
    out.name = text_at(json_, "", "name");
    out.description = text_at(json_, "", "description");
    Names names = inputs(out);
    if (!json_.contains("steps")) fail("", "steps were expected");
    out.steps = steps(json_["steps"], "/steps", names, 0);
    out.output = json_.contains("output") ? text_at(json_, "", "output") : out.steps.back().id;
    if (!names.count(out.output)) fail("/output", "'" + out.output + "' is neither a step nor an input");
    return out;
  }

 private:
  [[noreturn]] void fail(const std::string& pointer, const std::string& why) const {
    std::string at = pointer;
    while (!at.empty() && !lines_.count(at)) at = at.substr(0, at.rfind('/'));
    const auto line = lines_.find(at);
    throw Error(Code::Invalid, what_ + (line == lines_.end() ? "" : ", line " + std::to_string(line->second)) +
                                   (pointer.empty() ? "" : ": " + pointer.substr(1)) + ": " + why);
  }
  size_t line_of(const std::string& pointer) const {
    const auto line = lines_.find(pointer);
    return line == lines_.end() ? 0 : line->second;
  }

  void known(const OrderedJson& json, const std::string& at, const std::vector<std::string>& keys) const {
    std::string all;
    for (const auto& key : keys) all += (all.empty() ? "" : ", ") + key;
    if (!json.is_object()) fail(at, "keys were expected: " + all);
    for (const auto& [key, value] : json.items())
      if (std::find(keys.begin(), keys.end(), key) == keys.end())
        fail(at + "/" + key, "there is no such key; there are " + all);
  }

  std::string text_at(const OrderedJson& json, const std::string& at, const char* key) const {
    if (!json.contains(key)) return {};
    const auto& value = json[key];
    if (value.is_string()) return value.get<std::string>();
    if (value.is_number() || value.is_boolean()) return value.dump();
    fail(at + "/" + key, "a text was expected, found " + value.dump().substr(0, 60));
  }

  Names inputs(Flow::Impl& out) const {
    Names names;
    if (!json_.contains("inputs")) return names;
    const auto& list = json_["inputs"];
    const auto add = [&](const std::string& name, const std::string& at) {
      if (!names.insert(name).second) fail(at, "there are two inputs named '" + name + "'");
    };
    if (list.is_array()) {
      for (size_t i = 0; i < list.size(); ++i) {
        const std::string at = "/inputs/" + std::to_string(i);
        if (!list[i].is_string()) fail(at, "the name of an input was expected");
        add(list[i].get<std::string>(), at);
        out.inputs.emplace_back(list[i].get<std::string>(), "");
        out.needed.push_back(list[i].get<std::string>());
      }
      return names;
    }
    if (!list.is_object()) fail("/inputs", "a list of names, or names with values, were expected");
    for (const auto& [name, value] : list.items()) {
      add(name, "/inputs/" + name);
      out.inputs.emplace_back(name, value.is_null() ? "" : text_at(list, "/inputs", name.c_str()));
      if (value.is_null()) out.needed.push_back(name);
    }
    return names;
  }

  PromptTemplate gaps(const OrderedJson& json, const std::string& at, const char* key, const Names& names) const {
    const std::string text = text_at(json, at, key);
    PromptTemplate out;
    try {
      out = PromptTemplate(text);
    } catch (const Error& e) {
      fail(at + "/" + key, e.what());
    }
    for (const auto& name : out.variables())
      if (!names.count(name)) {
        std::string all;
        for (const auto& n : names) all += (all.empty() ? "" : ", ") + n;
        fail(at + "/" + key, "nothing before it gives {" + name + "}; there are " + (all.empty() ? "none" : all));
      }
    return out;
  }

  std::vector<FlowStep> steps(const OrderedJson& list, const std::string& at, Names& names, size_t depth) const {
    if (depth > kDeepest) fail(at, "steps nest deeper than " + std::to_string(kDeepest));
    if (!list.is_array() || list.empty()) fail(at, "a list of steps was expected");
    std::vector<FlowStep> out;
    for (size_t i = 0; i < list.size(); ++i) {
      const std::string place = at + "/" + std::to_string(i);
      out.push_back(step(list[i], place, names, depth, true));
      if (!names.insert(out.back().id).second) fail(place + "/id", "'" + out.back().id + "' is there already");
    }
    return out;
  }

  FlowStep step(const OrderedJson& json, const std::string& at, const Names& names, size_t depth, bool named) const {
    static const std::vector<std::pair<const char*, FlowStep::Kind>> kKinds = {
        {"prompt", FlowStep::Kind::Prompt}, {"text", FlowStep::Kind::Text}, {"search", FlowStep::Kind::Search},
        {"ask", FlowStep::Kind::Ask},       {"read", FlowStep::Kind::Read}, {"each", FlowStep::Kind::Each},
        {"route", FlowStep::Kind::Route}};
    if (!json.is_object()) fail(at, "a step with keys was expected");
    FlowStep out;
    const char* kind = nullptr;
    for (const auto& [key, value] : kKinds) {
      if (!json.contains(key)) continue;
      if (kind) fail(at, std::string("a step is one thing, and this has ") + kind + " and " + key);
      kind = key, out.kind = value;
    }
    if (!kind) {
      std::string found;
      for (const auto& [key, value] : json.items()) found += (found.empty() ? "" : ", ") + key;
      fail(at, "one of prompt, text, search, ask, read, each and route was expected, found " +
                   (found.empty() ? "nothing" : found));
    }
    out.id = text_at(json, at, "id");
    if (named && out.id.empty()) fail(at, "an id was expected, by which later steps take the result");
    out.place = what_ + ", line " + std::to_string(line_of(at)) + (out.id.empty() ? "" : " (" + out.id + ")");
    switch (out.kind) {
      case FlowStep::Kind::Prompt:
        read_prompt(json, at, names, out);
        break;
      case FlowStep::Kind::Each:
        read_each(json, at, names, depth, out);
        break;
      case FlowStep::Kind::Route:
        read_route(json, at, names, depth, out);
        break;
      case FlowStep::Kind::Search:
        known(json, at, {"id", "search", "k"});
        out.text = gaps(json, at, kind, names);
        out.k = whole(json, at, "k", out.k);
        break;
      default:
        known(json, at, {"id", kind});
        out.text = gaps(json, at, kind, names);
    }
    return out;
  }

  size_t whole(const OrderedJson& json, const std::string& at, const char* key, size_t otherwise) const {
    constexpr int64_t kMost = 1'000'000;
    if (!json.contains(key)) return otherwise;
    const auto& value = json[key];
    if (!value.is_number_integer() || value.get<int64_t>() < 1 || value.get<int64_t>() > kMost)
      fail(at + "/" + key, "a whole number from 1 was expected, found " + value.dump().substr(0, 60));
    return value.get<size_t>();
  }

  void read_prompt(const OrderedJson& json, const std::string& at, const Names& names, FlowStep& out) const {
    known(json, at, {"id", "prompt", "system", "model", "temperature", "max_tokens", "choices", "schema", "list"});
    out.text = gaps(json, at, "prompt", names);
    out.system = gaps(json, at, "system", names);
    out.model = text_at(json, at, "model");
    out.options.max_tokens = whole(json, at, "max_tokens", out.options.max_tokens);
    if (json.contains("temperature")) {
      const auto& t = json["temperature"];
      if (!t.is_number() || t.get<double>() < 0 || t.get<double>() > kHottest)
        fail(at + "/temperature", "a number from 0 to 100 was expected");
      out.options.temperature = t.get<float>();
    }
    if (json.contains("list")) {
      if (!json["list"].is_boolean()) fail(at + "/list", "true or false was expected");
      out.list = json["list"].get<bool>();
    }
    if (json.contains("choices")) {
      const auto& list = json["choices"];
      if (!list.is_array() || list.size() < 2) fail(at + "/choices", "two or more texts were expected");
      for (const auto& c : list) out.choices.push_back(c.is_string() ? c.get<std::string>() : c.dump());
    }
    if (json.contains("schema")) {
      out.schema = json["schema"].dump();
      try {
        (void)lm::grammar::schema_rules(out.schema);
      } catch (const Error& e) {
        fail(at + "/schema", e.what());
      }
    }
    if (int(out.list) + int(!out.choices.empty()) + int(!out.schema.empty()) > 1)
      fail(at, "an answer is one of list, choices and schema");
  }

  void read_each(const OrderedJson& json, const std::string& at, Names names, size_t depth, FlowStep& out) const {
    known(json, at, {"id", "each", "steps"});
    out.over = text_at(json, at, "each");
    if (!names.count(out.over)) fail(at + "/each", "nothing before it gives '" + out.over + "'");
    if (!json.contains("steps")) fail(at, "steps were expected, which take {item}");
    names.insert("item");
    out.steps = steps(json["steps"], at + "/steps", names, depth + 1);
  }

  void read_route(const OrderedJson& json, const std::string& at, const Names& names, size_t depth,
                  FlowStep& out) const {
    if (depth > kDeepest) fail(at, "steps nest deeper than " + std::to_string(kDeepest));
    known(json, at, {"id", "route", "cases", "otherwise"});
    out.on = gaps(json, at, "route", names);
    if (!json.contains("cases") || !json["cases"].is_object() || json["cases"].empty())
      fail(at + "/cases", "a step for each value was expected");
    for (const auto& [value, inner] : json["cases"].items())
      out.cases.emplace(value, step(inner, at + "/cases/" + value, names, depth + 1, false));
    if (json.contains("otherwise"))
      out.otherwise = std::make_shared<FlowStep>(step(json["otherwise"], at + "/otherwise", names, depth + 1, false));
  }

  std::string what_;
  text::YamlLines lines_;  // before json_, which fills it
  OrderedJson json_;
};

}  // namespace

Flow Flow::read(std::string_view yaml, const std::string& what) {
  Flow out;
  out.impl_ = std::make_shared<const Impl>(Reader(yaml, what).read());
  return out;
}

}  // namespace hanok::chain
