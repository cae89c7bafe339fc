// Flows run: each step's value under its id.
#include <algorithm>
#include <map>

#include "base/jail.h"
#include "base/threads.h"
#include "chain/flow/flow.h"
#include "chain/tools/input.h"
#include "hanok/chains.h"
#include "hanok/error.h"
#include "hanok/outputs.h"
#include "hanok/text.h"
#include "text/trimmed.h"

namespace hanok::chain {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t kLargestFile = 16u << 20;  // bytes
constexpr size_t kMostFiles = 500, kMostItems = 10'000;

std::string list_text(const std::vector<std::string>& list) { return base::dump_json(base::Json(list)); }

/// A list as a step made it, else the lines of a text that are not blank.
std::vector<std::string> items_of(const std::string& text) {
  const auto json = base::Json::parse(text, nullptr, false);
  std::vector<std::string> out;
  if (json.is_array())
    for (const auto& item : json) out.push_back(item.is_string() ? item.get<std::string>() : base::dump_json(item));
  else
    out = lines_parser().parse(text);
  if (out.size() > kMostItems)
    throw Error(Code::Exhausted, "a list of more than " + std::to_string(kMostItems) + " items");
  return out;
}

class Runner {
 public:
  explicit Runner(const FlowOptions& options) : options_(options) {}

  void run(const std::vector<FlowStep>& steps, Values& values, FlowResult* result) {
    for (const FlowStep& s : steps) {
      base::check_interrupt();
      std::string value = one(s, values);
      if (result) result->values.emplace_back(s.id, value);
      if (result && options_.on_step) options_.on_step(s.id, value);
      values[s.id] = std::move(value);
    }
  }

 private:
  std::string one(const FlowStep& s, const Values& values) {
    OpenSpan span("step " + s.id);
    try {
      return made(s, values);
    } catch (const Error& e) {
      if (e.code() == Code::Cancelled) throw;
      throw Error(e.code(), s.place + ": " + e.what());
    }
  }

  std::string made(const FlowStep& s, const Values& values) {
    switch (s.kind) {
      case FlowStep::Kind::Text:
        return s.text.format(values);
      case FlowStep::Kind::Prompt:
        return answer(s, values);
      case FlowStep::Kind::Search:
        return found(s.text.format(values), s.k);
      case FlowStep::Kind::Ask:
        return asked(s.text.format(values));
      case FlowStep::Kind::Read:
        return read(s.text.format(values));
      case FlowStep::Kind::Each:
        return each(s, values);
      case FlowStep::Kind::Route:
        break;
    }
    return routed(s, values);
  }

  std::shared_ptr<const ChatModel> model(const std::string& name) {
    auto& known = models_[name];
    if (!known && options_.open_model) known = options_.open_model(name);
    if (!known) throw Error(Code::NotFound, "this step needs a chat model");
    return known;
  }

  std::string answer(const FlowStep& s, const Values& values) {
    Messages messages;
    if (const auto system = s.system.format(values); !system.empty()) messages.emplace_back("system", system);
    messages.emplace_back("user", s.text.format(values));
    const auto by = model(s.model);
    const StructuredOptions how{.answer = s.options};
    if (!s.choices.empty()) return structured(by, choice_parser(s.choices), how).invoke(messages);
    if (!s.schema.empty()) return base::dump_json(structured(by, schema_parser(s.schema), how).invoke(messages));
    if (s.list) return list_text(structured(by, lines_parser(), how).invoke(messages));
    return ask_text(*by, messages, s.options);
  }

  static std::string ask_text(const ChatModel& by, const Messages& messages, const ChatOptions& options) {
    return std::string(text::trimmed(traced_chat(by, messages, options).text()));
  }

  const store::Collection& collection() const {
    if (!options_.collection) throw Error(Code::NotFound, "this step needs documents; begin with: hanok ingest FOLDER");
    return *options_.collection;
  }

  std::string found(const std::string& query, size_t k) const {
    const auto result = search(collection(), query, {.k = k, .embedder = options_.embedder, .quotes_bind = false});
    std::string out;
    for (size_t i = 0; i < result.hits.size(); ++i)
      out += "[" + std::to_string(i + 1) + "] " + result.hits[i].chunk.path + "\n" + result.hits[i].chunk.text + "\n\n";
    return out;
  }

  std::string asked(const std::string& question) {
    const auto by = options_.open_model ? model("") : nullptr;
    return chain::ask(collection(), question,
                      {.search = {.k = 8, .embedder = options_.embedder},
                       .model = by.get(),
                       .prompt_template = options_.ask_prompt})
        .answer;
  }

  /// A file's text; of a folder a list of its files' texts, by name.
  std::string read(const std::string& path) const {
    if (options_.folder.empty()) throw Error(Code::Invalid, "files may not be read here");
    const fs::path folders[] = {options_.folder};
    const fs::path named = base::path_within(folders, path);
    const auto text_of = [&](const fs::path& file) {
      return text::load_bytes(file.string(), base::read_file_within(folders, file.string(), kLargestFile)).text;
    };
    if (!fs::is_directory(named)) return text_of(named);
    std::vector<fs::path> files;
    std::error_code failed, none;
    for (fs::directory_iterator entry(named, failed), end; !failed && entry != end; entry.increment(failed))
      if (entry->is_regular_file(none) && text::loadable(entry->path())) files.push_back(entry->path());
    if (failed) throw Error(Code::Unavailable, "'" + path + "' cannot be read: " + failed.message());
    if (files.size() > kMostFiles)
      throw Error(Code::Exhausted, "'" + path + "' has more than " + std::to_string(kMostFiles) + " files");
    std::sort(files.begin(), files.end());
    std::vector<std::string> texts;
    for (const auto& file : files) texts.push_back(file.filename().string() + "\n\n" + text_of(file));
    return list_text(texts);
  }

  std::string each(const FlowStep& s, const Values& values) {
    std::vector<std::string> out;
    for (const auto& item : items_of(values.at(s.over))) {
      Values inner = values;
      inner["item"] = item;
      run(s.steps, inner, nullptr);
      out.push_back(inner.at(s.steps.back().id));
    }
    return list_text(out);
  }

  std::string routed(const FlowStep& s, const Values& values) {
    const std::string on = s.on.format(values);
    const auto found = s.cases.find(on);
    if (found != s.cases.end()) return made(found->second, values);
    if (s.otherwise) return made(*s.otherwise, values);
    throw Error(Code::Invalid, "there is no case for '" + on + "', and no otherwise");
  }

  const FlowOptions& options_;
  std::map<std::string, std::shared_ptr<const ChatModel>> models_;
};

template <class Holds>
bool any(const std::vector<FlowStep>& steps, const Holds& holds) {
  const std::function<bool(const FlowStep&)> one = [&](const FlowStep& s) {
    if (holds(s) || any(s.steps, holds) || (s.otherwise && one(*s.otherwise))) return true;
    return std::any_of(s.cases.begin(), s.cases.end(), [&](const auto& c) { return one(c.second); });
  };
  return std::any_of(steps.begin(), steps.end(), one);
}

/// A template with what is known filled in, and the rest as it stands.
std::string half_filled(const PromptTemplate& text, const Values& values) {
  Values all = values;
  for (const auto& name : text.variables()) all.try_emplace(name, "{" + name + "}");
  return text.format(all);
}

void show_prompts(const FlowStep& s, const Values& values, const std::string& ask_prompt, std::string& out) {
  if (s.kind == FlowStep::Kind::Prompt) {
    out += "---- " + s.place + "\n";
    if (!s.system.text().empty()) out += "system: " + half_filled(s.system, values) + "\n";
    out += "user: " + half_filled(s.text, values) + "\n";
    if (!s.choices.empty()) out += "(" + choice_parser(s.choices).instructions + ")\n";
    if (!s.schema.empty()) out += "(" + schema_parser(s.schema).instructions + ")\n";
    if (s.list) out += "(" + lines_parser().instructions + ")\n";
  }
  if (s.kind == FlowStep::Kind::Ask)
    out += "---- " + s.place + "\n(with a model; the question is: " + half_filled(s.text, values) +
           ")\nuser: " + (ask_prompt.empty() ? default_prompt() : ask_prompt) + "\n";
  for (const auto& inner : s.steps) show_prompts(inner, values, ask_prompt, out);
  for (const auto& [value, inner] : s.cases) show_prompts(inner, values, ask_prompt, out);
  if (s.otherwise) show_prompts(*s.otherwise, values, ask_prompt, out);
}

void check_names(const Flow::Impl& flow, const Values& inputs) {
  for (const auto& [given, text] : inputs) {
    const bool known = std::any_of(flow.inputs.begin(), flow.inputs.end(),
                                   [name = std::string_view(given)](const auto& one) { return one.first == name; });
    std::string all;
    for (const auto& one : flow.inputs) all += (all.empty() ? "; there are " : ", ") + one.first;
    if (!known) throw Error(Code::Invalid, flow.what + ": it has no input '" + given + "'" + all);
  }
}

}  // namespace

const std::string& Flow::name() const { return impl_->name; }
const std::string& Flow::description() const { return impl_->description; }
const std::vector<std::pair<std::string, std::string>>& Flow::inputs() const { return impl_->inputs; }
bool Flow::needs_model() const {
  return any(impl_->steps, [](const FlowStep& s) { return s.kind == FlowStep::Kind::Prompt; });
}
bool Flow::needs_documents() const {
  return any(impl_->steps,
             [](const FlowStep& s) { return s.kind == FlowStep::Kind::Search || s.kind == FlowStep::Kind::Ask; });
}

FlowResult Flow::run(const Values& inputs, const FlowOptions& options) const {
  check_names(*impl_, inputs);
  Values values = inputs;
  for (const auto& [name, value] : impl_->inputs) values.try_emplace(name, value);
  for (const auto& name : impl_->needed)
    if (!inputs.count(name))
      throw Error(Code::Invalid, impl_->what + ": the input '" + name + "' is missing (hanok run: --input " + name +
                                     "=VALUE, or " + name + "=@FILE)");
  FlowResult out;
  OpenSpan span("flow " + impl_->name);
  Runner(options).run(impl_->steps, values, &out);
  out.output = values.at(impl_->output);
  return out;
}

std::string Flow::prompts(const Values& inputs, const std::string& ask_prompt) const {
  check_names(*impl_, inputs);
  Values values = inputs;
  for (const auto& [name, value] : impl_->inputs)
    if (!value.empty()) values.try_emplace(name, value);
  std::string out;
  for (const FlowStep& s : impl_->steps) show_prompts(s, values, ask_prompt, out);
  return out;
}

}  // namespace hanok::chain
