#include <algorithm>
#include <iomanip>
#include <iostream>

#include "base/file.h"
#include "chat_models.h"
#include "hanok/error.h"
#include "hanok/tasks.h"
#include "text/width.h"

namespace hanok::app {
namespace {

struct Flags {
  std::string file, html;
  bool texts = false;
  ChatFlags model;
};

base::OrderedJson to_json(const chain::PromptRun& r) {
  base::OrderedJson out{{"style", r.style}, {"model", r.model}, {"temperature", r.temperature}};
  if (!r.error.empty()) return out["error"] = r.error, out;
  out["answer"] = r.answer;
  out["agreement"] = r.agreement;
  out["correct"] = r.correct ? base::OrderedJson(*r.correct) : base::OrderedJson(nullptr);
  out["answers"] = r.answers;
  out["texts"] = r.texts;
  out["prompt_tokens"] = r.prompt_tokens;
  out["completion_tokens"] = r.completion_tokens;
  out["seconds"] = r.seconds;
  return out;
}

/// The first line of a text, cut to so many columns.
std::string cut(std::string_view text, size_t columns) {
  text = text.substr(0, text.find('\n'));
  size_t used = 0, i = 0;
  while (i < text.size()) {
    const size_t end = text::next_grapheme(text, i), width = text::grapheme_columns(text.substr(i, end - i));
    if (used + width > columns) return std::string(text.substr(0, i)) + "~";
    used += width, i = end;
  }
  return std::string(text);
}

std::string padded(const std::string& text, size_t columns) {
  return text + std::string(columns - std::min(columns, text::columns(text)), ' ');
}

void table(std::ostream& out, const chain::PromptComparison& c, bool whole_texts) {
  constexpr size_t kAnswer = 40, kModel = 24;  // columns
  size_t style = 5, model = 5;
  for (const auto& r : c.runs) {
    style = std::max(style, text::columns(r.style));
    model = std::max(model, std::min(kModel + 1, text::columns(r.model)));
  }
  out << c.plan.question << "\n\n"
      << padded("style", style) << "  " << padded("model", model) << "  temp  " << padded("answer", kAnswer + 1)
      << (c.plan.expected ? "  right" : "") << "  agree  tokens     time\n";
  for (const auto& r : c.runs) {
    out << padded(r.style, style) << "  " << padded(cut(r.model, kModel), model) << "  " << std::setw(4)
        << std::setprecision(3) << r.temperature << "  ";
    if (!r.error.empty()) {
      out << "failed: " << r.error << "\n";
      continue;
    }
    char numbers[64];
    std::snprintf(numbers, sizeof numbers, "  %4.0f %%  %6zu  %6.1fs", 100 * r.agreement,
                  r.prompt_tokens + r.completion_tokens, r.seconds);
    out << padded(cut(r.answer, kAnswer), kAnswer + 1) << (r.correct ? (*r.correct ? "  yes  " : "  no   ") : "")
        << numbers << "\n";
    if (whole_texts)
      for (const auto& text : r.texts) out << "    | " << text << "\n";
  }
  char line[32];
  std::snprintf(line, sizeof line, "%.0f %%", 100 * c.agreement);
  out << "\nMost runs (" << line << ") say: " << cut(c.answer, 100) << "\n";
}

void compare(Session& session, const Flags& flags) {
  const std::string yaml = base::read_file(flags.file, 16 << 20);
  const auto plan = chain::read_prompt_plan(yaml, flags.file);
  const auto c = session.with_bar([&] {
    return chain::compare_prompts(plan, [&](const std::string& name) {
      ChatFlags one = flags.model;
      if (!name.empty()) one.model = name;
      return need_chat(session, one).model;
    });
  });
  if (!flags.html.empty()) base::write_file_atomic(flags.html, chain::comparison_html(c));
  base::OrderedJson json{{"question", plan.question},
                         {"expected", plan.expected ? base::OrderedJson(*plan.expected) : base::OrderedJson(nullptr)},
                         {"answer", c.answer},
                         {"agreement", c.agreement},
                         {"runs", base::OrderedJson::array()}};
  for (const auto& r : c.runs) json["runs"].push_back(to_json(r));
  session.print(json, [&](std::ostream& out) { table(out, c, flags.texts); });
  const bool all_failed = std::all_of(c.runs.begin(), c.runs.end(), [](const auto& r) { return !r.error.empty(); });
  if (all_failed) session.status = exit_status(Code::Unavailable);
}

}  // namespace

void add_own_prompts(Command& group);

void add_prompts(Command& root) {
  Command group = root.group("prompts", "The prompts that hanok writes, and prompts side by side.");
  add_own_prompts(group);
  auto flags = std::make_shared<Flags>();
  Command c = group.subcommand("compare", "Ask one question in several ways, of several models, and compare.",
                               "docs/how-to/compare-prompts.md describes the file. The shortest:\n\n"
                               "  question: How many legs do three spiders have?\n"
                               "  answer: 24\n\n"
                               "  hanok prompts compare spiders.yaml -m model.gguf --html spiders.html");
  c.positional("FILE", flags->file, "a question with styles, models and temperatures (YAML)");
  flags->model.add_to(c);
  c.option("--html", flags->html, "also write a page");
  c.flag("--texts", flags->texts, "show the whole answers too");
  c.cache();
  c.trace();
  c.run([flags](Session& session) { compare(session, *flags); });
}

}  // namespace hanok::app
