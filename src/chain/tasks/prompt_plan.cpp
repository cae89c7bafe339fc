// The YAML file of `hanok prompts compare`.
#include <algorithm>

#include "hanok/error.h"
#include "hanok/tasks.h"
#include "text/yaml.h"

namespace hanok::chain {
namespace {

using base::OrderedJson;

constexpr size_t kMostRuns = 10'000, kMostSamples = 100;
constexpr double kHottest = 100;

class Reader {
 public:
  explicit Reader(const std::string& what) : what_(what) {}

  PromptPlan read(const OrderedJson& json) {
    known(json, "", {"question", "answer", "models", "temperatures", "styles", "max_tokens", "seed"});
    plan_.question = text(json, "", "question", true);
    if (json.contains("answer")) plan_.expected = any_text(json["answer"], "answer");
    if (json.contains("models")) plan_.models = texts(json["models"], "models");
    if (json.contains("temperatures")) plan_.temperatures = temperatures(json["temperatures"]);
    plan_.max_tokens = whole(json, "", "max_tokens", plan_.max_tokens, 1, 1'000'000);
    plan_.seed = whole(json, "", "seed", plan_.seed, 0, UINT32_MAX);
    styles(json);
    const size_t runs = std::max<size_t>(1, plan_.models.size()) * plan_.temperatures.size() * plan_.styles.size();
    if (runs > kMostRuns) fail("", "at most " + std::to_string(kMostRuns) + " runs", std::to_string(runs));
    return std::move(plan_);
  }

 private:
  [[noreturn]] void fail(const std::string& where, const std::string& expected, const std::string& found) const {
    throw Error(Code::Invalid, what_ + (where.empty() ? "" : ": " + where) + ": expected " + expected + ", found " +
                                   (found.size() > 80 ? found.substr(0, 80) + "..." : found));
  }

  void known(const OrderedJson& json, const std::string& where, const std::vector<std::string>& keys) const {
    if (!json.is_object()) fail(where, "keys with values", json.dump());
    std::string all;
    for (const auto& key : keys) all += (all.empty() ? "" : ", ") + key;
    for (const auto& [key, value] : json.items())
      if (std::find(keys.begin(), keys.end(), key) == keys.end()) fail(where, "one of " + all, "'" + key + "'");
  }

  /// Texts and numbers: an answer is often written without quotes.
  std::string any_text(const OrderedJson& value, const std::string& where) const {
    if (value.is_string()) return value.get<std::string>();
    if (value.is_number() || value.is_boolean()) return value.dump();
    fail(where, "a text", value.dump());
  }
  std::string text(const OrderedJson& json, const std::string& where, const char* key, bool needed = false) const {
    const std::string path = where + (where.empty() ? "" : ".") + key;
    if (!json.contains(key)) {
      if (needed) fail(path, "a text", "nothing");
      return {};
    }
    std::string out = any_text(json[key], path);
    if (out.find_first_not_of(" \t\n") == out.npos) fail(path, "a text that is not empty", "an empty one");
    return out;
  }
  /// A list, or one text that stands for a list of one.
  std::vector<std::string> texts(const OrderedJson& value, const std::string& where) const {
    std::vector<std::string> out;
    if (!value.is_array()) return {any_text(value, where)};
    for (size_t i = 0; i < value.size(); ++i) out.push_back(any_text(value[i], where + "[" + std::to_string(i) + "]"));
    if (out.empty()) fail(where, "one or more", "an empty list");
    return out;
  }
  std::vector<float> temperatures(const OrderedJson& value) const {
    std::vector<float> out;
    for (const auto& one : value.is_array() ? value : OrderedJson::array({value})) {
      if (!one.is_number() || one.get<double>() < 0 || one.get<double>() > kHottest)
        fail("temperatures", "numbers from 0 to 100", one.dump());
      out.push_back(one.get<float>());
    }
    if (out.empty()) fail("temperatures", "one or more", "an empty list");
    return out;
  }
  uint64_t whole(const OrderedJson& json, const std::string& where, const char* key, uint64_t otherwise, uint64_t least,
                 uint64_t most) const {
    if (!json.contains(key)) return otherwise;
    const auto& value = json[key];
    if (!value.is_number_integer() || value.get<int64_t>() < static_cast<int64_t>(least) ||
        value.get<int64_t>() > static_cast<int64_t>(most))
      fail(where + (where.empty() ? "" : ".") + key,
           "a whole number from " + std::to_string(least) + " to " + std::to_string(most), value.dump());
    return value.get<uint64_t>();
  }

  void styles(const OrderedJson& json) {
    if (!json.contains("styles")) {
      for (const char* name : {"zero-shot", "role", "conditions", "few-shot", "chain-of-thought", "self-consistency"})
        plan_.styles.push_back(*usual_style(name, plan_.question));
      return;
    }
    const auto& list = json["styles"];
    if (!list.is_array() || list.empty()) fail("styles", "a list", list.dump());
    for (size_t i = 0; i < list.size(); ++i) {
      plan_.styles.push_back(style(list[i], "styles[" + std::to_string(i) + "]"));
      for (size_t j = 0; j < i; ++j)
        if (plan_.styles[j].name == plan_.styles[i].name)
          fail("styles[" + std::to_string(i) + "].name", "a name of its own", plan_.styles[i].name);
    }
  }

  PromptStyle style(const OrderedJson& json, const std::string& where) const {
    if (json.is_string()) {
      if (auto usual = usual_style(json.get<std::string>(), plan_.question)) return *usual;
      fail(where,
           "zero-shot, role, conditions, few-shot, chain-of-thought or self-consistency, or a style of your own with a "
           "name",
           json.dump());
    }
    known(json, where, {"name", "role", "conditions", "examples", "chain_of_thought", "samples"});
    PromptStyle out{.name = text(json, where, "name", true), .role = text(json, where, "role")};
    if (json.contains("conditions")) out.conditions = texts(json["conditions"], where + ".conditions");
    if (json.contains("examples")) {
      const auto& list = json["examples"];
      if (!list.is_array()) fail(where + ".examples", "a list", list.dump());
      for (size_t i = 0; i < list.size(); ++i) {
        const std::string at = where + ".examples[" + std::to_string(i) + "]";
        known(list[i], at, {"question", "answer"});
        out.examples.emplace_back(text(list[i], at, "question", true), text(list[i], at, "answer", true));
      }
    }
    if (json.contains("chain_of_thought")) {
      if (!json["chain_of_thought"].is_boolean())
        fail(where + ".chain_of_thought", "true or false", json["chain_of_thought"].dump());
      out.chain_of_thought = json["chain_of_thought"].get<bool>();
    }
    out.samples = whole(json, where, "samples", 1, 1, kMostSamples);
    return out;
  }

  std::string what_;
  PromptPlan plan_;
};

}  // namespace

PromptPlan read_prompt_plan(std::string_view yaml, const std::string& what) {
  return Reader(what).read(text::parse_yaml(yaml, what));
}

}  // namespace hanok::chain
