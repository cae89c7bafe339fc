#include "lm/text_length.h"

#include <algorithm>

#include "hanok/error.h"

namespace hanok::lm {
namespace {

size_t code_points(std::string_view utf8) {
  return static_cast<size_t>(
      std::count_if(utf8.begin(), utf8.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

bool known(const text::Tokenizer& tokenizer, std::string_view word, size_t letters) {
  const auto ids = tokenizer.encode(word, {.add_special_tokens = false}).ids;
  const auto unknown = tokenizer.special().unk;
  if (unknown && std::find(ids.begin(), ids.end(), *unknown) != ids.end()) return false;
  return ids.size() <= letters + 1;  // one more: the mark of a word's start may be a token of its own
}

}  // namespace

size_t max_tokens(std::optional<size_t> stated, const text::Tokenizer& tokenizer, size_t max_positions, bool pair) {
  const size_t wanted = stated ? *stated : tokenizer.model_max_length().value_or(max_positions);
  const size_t most = std::min(wanted, max_positions), special = tokenizer.added_by_encode(pair);
  if (most <= special)
    throw Error(Code::Invalid, "a text may have " + std::to_string(most) + " tokens, but the model adds " +
                                   std::to_string(special) + " of its own");
  return most;
}

double unknown_share(const text::Tokenizer& tokenizer, std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n";
  size_t letters = 0, unknown = 0;
  for (size_t at = text.find_first_not_of(kBlanks); at != std::string_view::npos;
       at = text.find_first_not_of(kBlanks, at)) {
    const size_t end = std::min(text.find_first_of(kBlanks, at), text.size());
    const auto word = text.substr(at, end - at);
    const size_t n = code_points(word);
    letters += n;
    if (!known(tokenizer, word, n)) unknown += n;
    at = end;
  }
  return letters ? static_cast<double>(unknown) / static_cast<double>(letters) : 0;
}

void check_lower_case(const SentenceModel& model, const text::Tokenizer& tokenizer) {
  if (!model.lower_case) return;
  const text::EncodeOptions bare{.add_special_tokens = false};
  if (tokenizer.encode("ABC Ä", bare).ids != tokenizer.encode("abc ä", bare).ids)
    throw Error(Code::Unsupported,
                model.name +
                    ": do_lower_case is true but its tokenizer keeps capitals; this version does not lower-case texts");
}

}  // namespace hanok::lm
