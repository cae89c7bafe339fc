// UTF-8 and the Unicode classes that tokenizer.json speaks about, as Rust's std and Oniguruma define them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace hanok::text::unicode {

/// The code point at text[at]; moves `at` behind it. Bytes that are not UTF-8 give U+FFFD, one for each maximal part of
/// a sequence (as WHATWG and Rust do). at < text.size().
char32_t next(std::string_view text, size_t& at);
/// Where the code point that ends before `end` begins. end > 0; the text is valid UTF-8.
size_t previous(std::string_view text, size_t end);
void append(std::string& out, char32_t c);
/// The text itself, every invalid part replaced by U+FFFD.
std::string to_valid(std::string_view text);
bool is_valid(std::string_view text);
/// Bytes of a sequence by its first byte; 1 for bytes that begin none.
size_t length_of(unsigned char lead);

/// General categories as bits, for masks: 1 << utf8proc's number.
using CategoryMask = uint32_t;
CategoryMask category_bit(char32_t c);
/// The mask of "L", "Lu", "N", "P", "Zs", ...; 0 for a name that is none.
CategoryMask category_mask(std::string_view name);

bool is_white_space(char32_t c);      // property White_Space
bool is_punctuation(char32_t c);      // P*
bool is_other(char32_t c);            // Cc, Cf, Co, without unassigned
bool is_nonspacing_mark(char32_t c);  // Mn
bool is_mark(char32_t c);             // M*
bool is_numeric(char32_t c);          // N*
bool is_word(char32_t c);             // \w: alphabetic, mark, decimal number, connector punctuation, joiners
bool is_han(char32_t c);              // script Han
/// The blocks that BERT sets apart: CJK ideographs, without kana and Hangul.
bool is_bert_ideograph(char32_t c);

/// Full lower case of one code point (U+0130 gives two).
void append_lower(std::string& out, char32_t c);
char32_t upper(char32_t c);
/// Simple case folding: equal for letters that differ in case only.
char32_t fold(char32_t c);

enum class Form { Nfc, Nfd, Nfkc, Nfkd, NfkcCasefold };
/// Takes time in proportion to the text, whatever it holds.
std::string normalize(std::string_view text, Form form);

/// Whether extended grapheme clusters break between a and b. `state` starts at 0 and is kept between calls.
bool grapheme_break(char32_t a, char32_t b, int32_t& state);

}  // namespace hanok::text::unicode
