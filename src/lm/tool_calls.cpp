#include "lm/tool_calls.h"

#include <algorithm>
#include <array>
#include <span>

#include "base/json.h"
#include "hanok/error.h"

namespace hanok::lm {
namespace {

using base::OrderedJson;

constexpr size_t kLongestCall = 1 << 20;  // bytes; more is given out as text
constexpr std::string_view kBlanks = " \t\r\n";

struct Markers {
  std::string_view name;
  std::string_view open, close;           // close: empty where there is none
  std::vector<std::string_view> dropped;  // markers around all calls, which say nothing
};

constexpr ToolStyle kMarked[] = {ToolStyle::Hermes,  ToolStyle::Llama,   ToolStyle::Mistral,
                                 ToolStyle::Granite, ToolStyle::Command, ToolStyle::DeepSeek};

const Markers& markers(ToolStyle style) {
  static const std::array<Markers, 8> all{{
      {"none", "", "", {}},
      {"hermes", "<tool_call>", "</tool_call>", {}},
      {"llama", "<|python_tag|>", "", {}},
      {"mistral", "[TOOL_CALLS]", "", {}},
      {"granite", "<|tool_call|>", "", {}},
      {"command", "<|START_ACTION|>", "<|END_ACTION|>", {}},
      {"deepseek", "<｜tool▁call▁begin｜>", "<｜tool▁call▁end｜>", {"<｜tool▁calls▁begin｜>", "<｜tool▁calls▁end｜>"}},
  }};
  return all[static_cast<size_t>(style)];
}

// Bytes at the end of `text` that may be the beginning of `marker`.
size_t possible(std::string_view text, std::string_view marker) {
  for (size_t n = std::min(text.size(), marker.size() - 1); n > 0; --n)
    if (text.ends_with(marker.substr(0, n))) return n;
  return 0;
}

size_t skip(std::string_view s, size_t at) { return std::min(s.find_first_not_of(kBlanks, at), s.size()); }

enum class Scan { Complete, More, Wrong };
// The end of the JSON object or list at s[at].
Scan json_end(std::string_view s, size_t& at) {
  std::string open;
  bool quoted = false;
  for (size_t i = at; i < s.size(); ++i) {
    const char c = s[i];
    if (quoted) {
      if (c == '\\')
        ++i;
      else if (c == '"')
        quoted = false;
    } else if (c == '"') {
      if (open.empty()) return Scan::Wrong;
      quoted = true;
    } else if (c == '{' || c == '[') {
      open += c == '{' ? '}' : ']';
    } else if (c == '}' || c == ']') {
      if (open.empty() || open.back() != c) return Scan::Wrong;
      open.pop_back();
      if (open.empty()) {
        at = i + 1;
        return Scan::Complete;
      }
    } else if (open.empty()) {
      return Scan::Wrong;
    }
  }
  return Scan::More;
}

const OrderedJson* member(const OrderedJson& object, std::initializer_list<const char*> keys) {
  for (const char* key : keys)
    if (const auto at = object.find(key); at != object.end()) return &*at;
  return nullptr;
}

// One call of its JSON object; otherwise why it is none.
std::optional<ToolCall> read_call(const OrderedJson& json, const std::vector<std::string>& names, std::string& fault) {
  const OrderedJson* object = &json;
  if (object->is_object())
    if (const auto* inner = member(json, {"function"}); inner && inner->is_object()) object = inner;
  if (!object->is_object())
    return fault = "an object was expected, found " + std::string(json.type_name()), std::nullopt;
  ToolCall out;
  const auto* name = member(*object, {"name", "tool_name"});
  if (!name || !name->is_string() || name->get_ref<const std::string&>().empty())
    return fault = "the name of a tool was expected under \"name\"", std::nullopt;
  out.name = name->get<std::string>();
  if (!names.empty() && std::find(names.begin(), names.end(), out.name) == names.end())
    return fault = "no tool is called '" + out.name + "'", std::nullopt;
  OrderedJson arguments = OrderedJson::object();
  if (const auto* given = member(*object, {"arguments", "parameters"})) arguments = *given;
  if (arguments.is_string()) {  // JSON within JSON
    arguments = OrderedJson::parse(arguments.get<std::string>(), nullptr, false);
    if (arguments.is_discarded()) return fault = "the arguments of " + out.name + " are no JSON", std::nullopt;
  }
  if (arguments.is_null()) arguments = OrderedJson::object();
  if (!arguments.is_object())
    return fault = "the arguments of " + out.name + " are no object but " + arguments.type_name(), std::nullopt;
  out.arguments = base::dump_json(arguments);
  if (const auto* id = member(json, {"id", "tool_call_id"}); id && id->is_string()) out.id = id->get<std::string>();
  return out;
}

// The calls of a JSON text, an object or a list of them.
bool read_calls(std::string_view text, const std::vector<std::string>& names, std::vector<ToolCall>& out,
                std::string& fault) {
  OrderedJson json;
  try {
    base::parse_json(text, "tool call");  // within its limits
    json = OrderedJson::parse(text);
  } catch (const std::exception& e) {
    return fault = e.what(), false;
  }
  std::vector<ToolCall> calls;
  const auto add = [&](const OrderedJson& one) {
    auto call = read_call(one, names, fault);
    if (call) calls.push_back(std::move(*call));
    return call.has_value();
  };
  if (json.is_array() ? !std::all_of(json.begin(), json.end(), add) : !add(json)) return false;
  out.insert(out.end(), calls.begin(), calls.end());
  return true;
}

}  // namespace

std::string_view name(ToolStyle style) { return markers(style).name; }

ToolStyle tool_style(std::string_view t) {
  const auto has = [&](std::string_view s) { return t.find(s) != std::string_view::npos; };
  if (has("tool▁call▁begin")) return ToolStyle::DeepSeek;
  if (has("<|START_ACTION|>")) return ToolStyle::Command;
  if (has("[TOOL_CALLS]")) return ToolStyle::Mistral;
  if (has("<tool_call>")) return ToolStyle::Hermes;
  if (has("<|tool_call|>")) return ToolStyle::Granite;
  if (has("<|python_tag|>") || (has("\"parameters\"") && has("\"name\"") && has("<|start_header_id|>")))
    return ToolStyle::Llama;
  return ToolStyle::None;
}

CallForm call_form(ToolStyle style, std::string_view chat_template) {
  constexpr std::string_view kArguments = "\", \"arguments\": ", kParameters = "\", \"parameters\": ";
  switch (style) {
    case ToolStyle::Hermes:
      return {"<tool_call>\n{\"name\": \"", kArguments, "}\n</tool_call>"};
    case ToolStyle::Mistral:
      if (chat_template.find("[ARGS]") != std::string_view::npos) return {"[TOOL_CALLS]", "[ARGS]", "", false};
      return {"[TOOL_CALLS][{\"name\": \"", kArguments, "}]"};
    case ToolStyle::Granite:
      return {"<|tool_call|>[{\"name\": \"", kArguments, "}]"};
    case ToolStyle::Command:
      return {"<|START_ACTION|>[{\"tool_call_id\": \"0\", \"tool_name\": \"", kParameters, "}]<|END_ACTION|>"};
    case ToolStyle::DeepSeek:
      return {"<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>", "\n```json\n",
              "\n```<｜tool▁call▁end｜><｜tool▁calls▁end｜>", false};
    case ToolStyle::Llama:
    case ToolStyle::None:
    case ToolStyle::Any:
      break;
  }
  return {"{\"name\": \"", kParameters, "}"};
}

ToolCallParser::ToolCallParser(ToolStyle style, std::vector<std::string> names)
    : style_(style), current_(style), names_(std::move(names)) {}

ToolPiece ToolCallParser::add(std::string_view text) {
  ToolPiece out;
  if (style_ == ToolStyle::None) {
    out.text = text;
    return out;
  }
  held_ += text;
  // Within a call nothing is certain before a bracket, a marker or a name's end.
  if (in_call_ && text.find_first_of("}]>[,;") == std::string_view::npos && held_.size() < kLongestCall &&
      text.find_first_not_of(kBlanks) != std::string_view::npos && !bare_)
    return out;
  run(out, false);
  return out;
}

ToolPiece ToolCallParser::finish() {
  ToolPiece out;
  run(out, true);
  if (!called_) out.text = blank_ + out.text;
  blank_.clear();
  if (!called_ || held_.find_first_not_of(kBlanks) != std::string::npos) out.text += held_;
  held_.clear();
  in_call_ = false;
  return out;
}

// A Llama's answer that is JSON from its first letter on.
bool ToolCallParser::begins_bare() const {
  if ((style_ != ToolStyle::Llama && style_ != ToolStyle::Any) || thinking_ || said_) return false;
  const size_t at = skip(held_, called_ ? std::min(held_.find_first_not_of(" \t\r\n;"), held_.size()) : 0);
  if (at >= held_.size()) return false;
  return held_[at] == '{' || (style_ == ToolStyle::Any && std::string_view(held_).substr(at).starts_with("[{"));
}

void ToolCallParser::run(ToolPiece& out, bool last) {
  constexpr std::string_view kThink = "<think>", kThought = "</think>";
  const auto give = [&](size_t n) {
    const std::string_view text = std::string_view(held_).substr(0, n);
    const bool blank = text.find_first_not_of(kBlanks) == std::string_view::npos;
    // Blanks before and between calls say nothing.
    if (!blank) {
      out.text += blank_;
      blank_.clear();
      said_ = true;
    }
    if (blank && !said_ && !called_)
      blank_ += text;
    else if (!blank || !called_)
      out.text += text;
    held_.erase(0, n);
  };
  while (!held_.empty()) {
    if (in_call_) {
      size_t used = 0;
      std::string fault;
      const Outcome outcome = call(out, last, used, fault);
      if (outcome == Outcome::More && held_.size() < kLongestCall && !last) return;
      in_call_ = false;
      if (outcome == Outcome::Done) {
        held_.erase(0, used);
        called_ = true;
        blank_.clear();
        continue;
      }
      if (outcome == Outcome::More) fault = last ? "the text ends within the call" : "the call is longer than 1 MiB";
      if (!fault.empty() && !bare_) out.faults.push_back(std::string(name(current_)) + " tool call: " + fault);
      said_ = true;
      out.text += blank_ + held_.substr(0, 1);
      blank_.clear();  // its marker is not looked at again
      held_.erase(0, 1);
      continue;
    }
    if (thinking_) {
      const size_t end = held_.find(kThought);
      if (end == std::string::npos) {
        const size_t n = held_.size() - (last ? 0 : possible(held_, kThought));
        out.text += blank_ + held_.substr(0, n);
        blank_.clear();
        held_.erase(0, n);
        return;
      }
      out.text += blank_ + held_.substr(0, end + kThought.size());
      blank_.clear();
      held_.erase(0, end + kThought.size());
      thinking_ = false;
      continue;
    }
    if (begins_bare()) {
      in_call_ = bare_ = true;
      current_ = ToolStyle::Llama;
      continue;
    }
    if ((style_ == ToolStyle::Llama || style_ == ToolStyle::Any) && !said_ && !last &&
        held_.find_first_not_of(" \t\r\n;") == std::string::npos)
      return;
    // The first marker of any kind.
    size_t first = std::string::npos, wait = 0;
    std::string_view which;
    const auto look = [&](std::string_view marker) {
      const size_t at = held_.find(marker);
      if (at < first) first = at, which = marker;
      wait = std::max(wait, possible(held_, marker));
      return which == marker;
    };
    bool opens = false;
    for (const ToolStyle style : kMarked) {
      if (style_ != ToolStyle::Any && style_ != style) continue;
      if (look(markers(style).open)) current_ = style, opens = true;
      for (const auto marker : markers(style).dropped)
        if (look(marker)) opens = false;
    }
    if (look(kThink)) opens = false;
    if (first == std::string::npos) {
      size_t n = held_.size() - (last ? 0 : wait);
      if (called_ && !last)  // blanks at the end wait for what comes
        n = std::min(n, held_.find_last_not_of(kBlanks, n ? n - 1 : 0) + 1);
      if (last && called_ && skip(held_, 0) == held_.size()) {
        held_.clear();
        return;
      }
      if (n) give(n);
      return;
    }
    if (first) give(first);
    if (opens) {
      in_call_ = true;
      bare_ = false;
    } else if (which == kThink) {
      out.text += blank_;
      blank_.clear();
      out.text += kThink;
      held_.erase(0, kThink.size());
      thinking_ = true;
    } else {
      held_.erase(0, which.size());
      called_ = true;
    }
  }
}

// The call at the head of held_. used: its bytes, markers and all.
ToolCallParser::Outcome ToolCallParser::call(ToolPiece& out, bool last, size_t& used, std::string& fault) {
  const Markers& m = markers(current_);
  const std::string_view s = held_;
  size_t at = bare_ ? std::min(s.find_first_not_of(" \t\r\n;"), s.size()) : m.open.size();
  const auto wrong = [&](std::string why) { return fault = std::move(why), Outcome::Fault; };
  // Whether `marker` stands at `at`; More where it may still come.
  const auto expect = [&](std::string_view marker) {
    if (s.substr(at).starts_with(marker)) return at += marker.size(), Outcome::Done;
    return marker.starts_with(s.substr(at)) && !last ? Outcome::More : Outcome::Fault;
  };
  std::optional<ToolCall> named;
  if (current_ == ToolStyle::DeepSeek) {
    constexpr std::string_view kBetween = "<｜tool▁sep｜>", kFence = "```json";
    const size_t sep = s.find(kBetween, at);
    if (sep == std::string_view::npos) return Outcome::More;
    const size_t line = s.find('\n', sep);
    if (line == std::string_view::npos) return Outcome::More;
    named.emplace().name = s.substr(sep + kBetween.size(), line - sep - kBetween.size());
    at = skip(s, line);
    if (const auto o = expect(kFence); o != Outcome::Done)
      return o == Outcome::More ? o : wrong("\"```json\" was expected behind the name");
  } else if (current_ == ToolStyle::Mistral) {
    at = skip(s, at);
    if (at < s.size() && s[at] != '[' && s[at] != '{') {
      constexpr std::string_view kArgs = "[ARGS]", kId = "[CALL_ID]";
      const size_t args = s.find(kArgs, at), brace = s.find('{', at);
      if (args == std::string_view::npos && brace == std::string_view::npos) return Outcome::More;
      const size_t end = std::min(args, brace);
      std::string_view head = s.substr(at, end - at);
      named.emplace();
      if (const size_t id = head.find(kId); id != std::string_view::npos) {
        named->id = head.substr(id + kId.size());
        head = head.substr(0, id);
      }
      named->name = head.substr(0, head.find_last_not_of(kBlanks) + 1);
      at = args < brace ? end + kArgs.size() : end;
    }
  }
  at = skip(s, at);
  if (at == s.size()) return Outcome::More;
  if (s[at] != '{' && s[at] != '[') return wrong("JSON was expected behind the marker");
  const size_t begin = at;
  const Scan scan = json_end(s, at);
  if (scan == Scan::More) return Outcome::More;
  if (scan == Scan::Wrong) return bare_ ? wrong("") : wrong("brackets of the JSON do not match");
  std::string_view json = s.substr(begin, at - begin);
  // What closes it.
  if (current_ == ToolStyle::DeepSeek) {
    at = skip(s, at);
    const auto o = expect("```");
    if (o == Outcome::More) return o;
  }
  if (!m.close.empty()) {
    const size_t before = at;
    at = skip(s, at);
    const auto o = at == s.size() && !last ? Outcome::More : expect(m.close);
    if (o == Outcome::More) return o;
    if (o == Outcome::Fault) {
      if (at != s.size() || !last) return wrong("\"" + std::string(m.close) + "\" was expected behind the JSON");
      at = before;
    }
  }
  std::vector<ToolCall> calls;
  if (named) {
    if (named->name.empty()) return wrong("the name of a tool was expected before its arguments");
    OrderedJson whole = {{"name", named->name}};
    whole["arguments"] = OrderedJson::parse(json, nullptr, false);
    if (whole["arguments"].is_discarded()) return wrong("the arguments of " + named->name + " are no JSON");
    auto one = read_call(whole, names_, fault);
    if (!one) return Outcome::Fault;
    one->id = named->id;
    calls.push_back(std::move(*one));
  } else if (bare_) {
    // Any JSON may be an answer; what names a tool (one of `names_`, or with its parameters) is a call.
    const auto value = OrderedJson::parse(json, nullptr, false);
    const auto calls_one = [&](const OrderedJson& v) {
      return v.is_object() && v.contains("name") && (!names_.empty() || member(v, {"parameters", "arguments"}));
    };
    if (value.is_array() ? !std::all_of(value.begin(), value.end(), calls_one) : !calls_one(value)) return wrong("");
    if (!read_calls(json, names_, calls, fault)) return wrong("");
  } else if (!read_calls(json, names_, calls, fault)) {
    return Outcome::Fault;
  }
  out.calls.insert(out.calls.end(), calls.begin(), calls.end());
  used = at;
  return Outcome::Done;
}

ToolPiece parse_tool_calls(ToolStyle style, std::string_view text) {
  ToolCallParser parser(style);
  ToolPiece out = parser.add(text);
  ToolPiece rest = parser.finish();
  out.text += rest.text;
  out.calls.insert(out.calls.end(), rest.calls.begin(), rest.calls.end());
  out.faults.insert(out.faults.end(), rest.faults.begin(), rest.faults.end());
  return out;
}

}  // namespace hanok::lm
