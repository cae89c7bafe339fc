#include <cstdio>

#include "hanok/tasks.h"
#include "text/markup.h"

namespace hanok::chain {
namespace {

using text::escape_markup;

std::string number(double value, const char* format) {
  char out[48];
  std::snprintf(out, sizeof out, format, value);
  return out;
}

constexpr const char* kStyle =
    "body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:75rem;padding:0 1rem;color:#222}"
    "table{border-collapse:collapse;width:100%}td,th{border-bottom:1px solid #ddd;padding:.4rem .6rem;text-align:left;"
    "vertical-align:top}td.n{text-align:right;white-space:nowrap}pre{white-space:pre-wrap;margin:.3rem 0;font:inherit}"
    "summary{cursor:pointer}.yes{color:#17692f}.no{color:#a11}"
    "@media(prefers-color-scheme:dark){body{background:#181818;color:#ddd}td,th{border-color:#444}}";

std::string cells(const PromptRun& r, bool judged) {
  std::string out = "<td>" + escape_markup(r.style) + "</td><td>" + escape_markup(r.model) + "</td><td class=n>" +
                    number(r.temperature, "%g") + "</td>";
  if (!r.error.empty())
    return out + "<td class=no colspan=" + (judged ? "6" : "5") + ">" + escape_markup(r.error) + "</td>";
  out += "<td><details><summary>" + escape_markup(r.answer) + "</summary>";
  for (const auto& text : r.texts) out += "<pre>" + escape_markup(text) + "</pre><hr>";
  out += "</details></td>";
  if (judged) out += r.correct.value_or(false) ? "<td class=yes>yes</td>" : "<td class=no>no</td>";
  return out + "<td class=n>" + number(100 * r.agreement, "%.0f %%") + " of " + std::to_string(r.texts.size()) +
         "</td><td class=n>" + std::to_string(r.prompt_tokens) + "</td><td class=n>" +
         std::to_string(r.completion_tokens) + "</td><td class=n>" + number(r.seconds, "%.1f s") + "</td>";
}

}  // namespace

std::string comparison_html(const PromptComparison& c) {
  const bool judged = c.plan.expected.has_value();
  std::string out = "<!doctype html><meta charset=utf-8><meta name=viewport content=\"width=device-width\"><title>" +
                    escape_markup(c.plan.question.substr(0, c.plan.question.find('\n'))) + "</title><style>" + kStyle +
                    "</style>\n<h1>Prompts compared</h1>\n<pre>" + escape_markup(c.plan.question) + "</pre>\n";
  if (judged) out += "<p>Expected: " + escape_markup(*c.plan.expected) + "</p>\n";
  out += "<p>Most runs say <b>" + escape_markup(c.answer) + "</b> (" + number(100 * c.agreement, "%.0f %%") +
         ").</p>\n<table>\n<tr><th>style<th>model<th>temperature<th>answer" + (judged ? "<th>right" : "") +
         "<th>agreement<th>prompt tokens<th>tokens<th>time</tr>\n";
  for (const PromptRun& r : c.runs) out += "<tr>" + cells(r, judged) + "</tr>\n";
  return out + "</table>\n";
}

}  // namespace hanok::chain
