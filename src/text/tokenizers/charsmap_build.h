// Making a Precompiled charsmap: for models that come without their tokenizer.json.
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace hanok::text::tokenizers {

/// Rules "this prefix becomes that" -> the bytes that Charsmap reads. Keys are not empty and hold no NUL.
std::string build_charsmap(const std::map<std::string, std::string>& rules);

/// sentencepiece's rule set "nmt_nfkc", which XLM-RoBERTa and multilingual E5 use, from Unicode's data: every code
/// point that NFKC changes, pairs of a letter and an accent that compose to one code point, blanks and control
/// characters. Left out are rules that Charsmap::apply never takes: those of 6 bytes and more, and those with a shorter
/// rule in front.
std::map<std::string, std::string> nmt_nfkc_rules();

}  // namespace hanok::text::tokenizers
