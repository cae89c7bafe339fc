#include "chain/search/names.h"

#include <algorithm>
#include <set>

#include "text/analysis/hangul_readings.h"

namespace hanok::chain {
namespace {

constexpr size_t kMostNames = 16;  // of one question; a text of a page that is pasted into it is not looked through

bool is_word_of(const store::Snapshot& snapshot, const std::string& form) {
  const text::Term term{.form = form};
  return !snapshot.search_keyword(std::span(&term, 1), 1).empty();
}

}  // namespace

std::vector<text::Term> names_in_hangul(const store::Snapshot& snapshot, std::string_view question) {
  if (text::script_of(question) != text::Script::Latin) return {};
  const auto written = snapshot.scripts();
  if (std::find(written.begin(), written.end(), text::Script::Hangul) == written.end()) return {};
  std::vector<text::Term> out;
  std::set<std::string> seen;
  const auto names = text::analysis::romanised_names(question);
  for (size_t i = 0; i < std::min(names.size(), kMostNames); ++i)
    for (const auto& reading : names[i].readings) {
      if (!is_word_of(snapshot, reading)) continue;
      for (auto& term : text::analyze(reading))
        if (seen.insert(term.form).second) out.push_back(std::move(term));
    }
  return out;
}

}  // namespace hanok::chain
