#include "text/tokenizers/tokenizer.h"

#include <gtest/gtest.h>

#include <chrono>

#include "base/file.h"
#include "text/tokenizers/charsmap.h"
#include "text/tokenizers/charsmap_build.h"
#include "text/tokenizers/pattern.h"
#include "text/tokenizers/unicode.h"

namespace hanok::text {
namespace {

using tokenizers::make_regex;

std::vector<std::string> parts(std::string_view pattern, std::string_view text) {
  std::vector<std::string> out;
  for (const auto& m : make_regex(pattern, "test")->split(text))
    out.emplace_back(text.substr(m.begin, m.end - m.begin));
  return out;
}

Code code_of(std::string_view json) {
  try {
    Tokenizer::parse(json, "test.json");
  } catch (const Error& e) {
    EXPECT_NE(std::string(e.what()).find("test.json"), std::string::npos);
    return e.code();
  }
  return Code::Internal;
}

using Strings = std::vector<std::string>;

TEST(Regex, SplitsAsThePublishedPatterns) {
  const std::string gpt2 = R"('(?:s|t|re|ve|m|ll|d)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";
  EXPECT_EQ(parts(gpt2, "I'll go  to 한국 42!!"), (Strings{"I", "'ll", " go", " ", " to", " 한국", " 42", "!!"}));
  EXPECT_EQ(parts(R"((?i:'s|'t))", "It'S"), (Strings{"It", "'S"}));
  EXPECT_EQ(parts(R"(\p{N}{1,3})", "12345"), (Strings{"123", "45"}));
  EXPECT_EQ(parts(R"([^a-c\n]+?x|(?<=a)b)", "abyzx"), (Strings{"a", "b", "yzx"}));
  EXPECT_EQ(parts(R"((?:ab|c)++d|\x{AC00})", "ababcd가"), (Strings{"ababcd", "가"}));
  EXPECT_EQ(parts(R"(a{,2}b)", "aaab"), (Strings{"a", "aab"}));
  EXPECT_EQ(parts(R"((?=b))", "abab"), (Strings{"a", "", "ba", "", "b"}));
}

TEST(Regex, RefusesWhatItDoesNotKnow) {
  for (const char* bad : {"(", ")", "[a", "a**?(", "\\1", "(?<name>a)", "\\p{Greek}", "(?:a*)*", "*", "a{3,2}", "[z-a]",
                          "(?<=ab)c", "\\p{L", "a{5000}", "((((a{99}){99}){99}){99})"})
    EXPECT_THROW(make_regex(bad, "test"), Error) << bad;
}

TEST(Regex, StopsHostileBacktracking) {
  const std::string text(4000, 'a');
  EXPECT_THROW(make_regex("(?:a|a)+(?:a|a)+(?:a|aa)+b", "test")->split(text), Error);
}

TEST(Charsmap, BuildsWhatItReads) {
  const std::map<std::string, std::string> rules = {{"a", "x"}, {"bc", "yz"}, {"가", ""}, {"\xEF\xBD\xA1", "."}};
  const tokenizers::Charsmap map(tokenizers::build_charsmap(rules));
  EXPECT_EQ(map.rule("a"), "x");
  EXPECT_EQ(map.rule("bcd"), "yz");
  EXPECT_EQ(map.rule("b"), std::nullopt);
  EXPECT_EQ(map.apply("ab가\xEF\xBD\xA1"), "xb.");
  EXPECT_THROW(tokenizers::Charsmap("\x08"), Error);
}

TEST(Charsmap, EveryRuleOfNmtNfkcIsFoundAgain) {
  const auto rules = tokenizers::nmt_nfkc_rules();
  EXPECT_GT(rules.size(), 5000u);
  const tokenizers::Charsmap map(tokenizers::build_charsmap(rules));
  for (const auto& [key, value] : rules) ASSERT_EQ(map.rule(key), value);
  EXPECT_EQ(map.apply("e\xCC\x81 \xEF\xBC\xA1\t\xE2\x80\x8B\x01"), "\xC3\xA9 A  ");
}

constexpr const char* kWordPiece =
    R"({"normalizer": {"type": "BertNormalizer"}, "pre_tokenizer": {"type": "BertPreTokenizer"},
  "added_tokens": [{"id": 0, "content": "[UNK]", "special": true}, {"id": 4, "content": "<x>", "lstrip": true, "special": true}],
  "decoder": {"type": "WordPiece"},
  "model": {"type": "WordPiece", "unk_token": "[UNK]", "vocab": {"[UNK]": 0, "a": 1, "##b": 2, "!": 3}}})";

TEST(Tokenizer, SmallWordPiece) {
  const auto t = Tokenizer::parse(kWordPiece, "test.json");
  EXPECT_EQ(t.encode("AB abb!   <x>c").ids, (std::vector<TokenId>{1, 2, 1, 2, 2, 3, 4, 0}));
  EXPECT_EQ(t.vocab_size(), 5u);
  EXPECT_EQ(t.token_id("<x>"), 4);
  EXPECT_EQ(t.special().unk, 0);
  const std::vector<TokenId> ids = {1, 2, 3, 4, 77};
  EXPECT_EQ(t.decode(ids), "ab!");
  EXPECT_EQ(t.encode("a a a a", {.max_length = 2}).ids.size(), 2u);
  EXPECT_EQ(t.encode_pair("a a a", "!", {.max_length = 3}).ids, (std::vector<TokenId>{1, 1, 3}));
}

TEST(Tokenizer, SaysWhatIsWrong) {
  EXPECT_EQ(code_of("{"), Code::Invalid);
  EXPECT_EQ(code_of("[]"), Code::Invalid);
  EXPECT_EQ(code_of(R"({"model": {"type": "Magic"}})"), Code::Unsupported);
  EXPECT_EQ(code_of(R"({"model": {"type": "WordPiece", "vocab": {"a": 4000000000}}})"), Code::Invalid);
  EXPECT_EQ(code_of(R"({"model": {"type": "WordPiece", "vocab": {"[UNK]": 1, "b": 1}}})"), Code::Invalid);
  EXPECT_EQ(code_of(R"({"model": {"type": "Unigram", "unk_id": 7, "vocab": [["a", 0]]}})"), Code::Invalid);
  EXPECT_EQ(code_of(R"({"model": {"type": "BPE", "vocab": {"a": 0}, "merges": ["a b"]}})"), Code::Invalid);
  EXPECT_EQ(code_of(R"({"normalizer": {"type": "Hocus"}, "model": {}})"), Code::Unsupported);
  std::string deep = R"({"type": "NFC"})";
  for (int i = 0; i < 40; ++i) deep = R"({"type": "Sequence", "normalizers": [)" + deep + "]}";
  EXPECT_EQ(code_of(R"({"normalizer": )" + deep + "}"), Code::Unsupported);
  EXPECT_THROW(Tokenizer::load("/no/such/folder"), Error);
}

TEST(Tokenizer, LongWordsTakeTimeInProportion) {
  const auto wordpiece = Tokenizer::parse(kWordPiece, "t");
  const auto unigram = Tokenizer::parse(
      R"({"model": {"type": "Unigram", "unk_id": 0, "vocab": [["<unk>", 0], ["a", -1], ["aa", -1.5], ["aaaa", -2]]}})",
      "t");
  const auto bpe = Tokenizer::parse(
      R"({"model": {"type": "BPE", "vocab": {"a": 0, "aa": 1, "aaaa": 2}, "merges": ["a a", ["aa", "aa"]]}})", "t");
  const std::string word(1 << 20, 'a');
  std::string marks = "a";
  for (int i = 0; i < 1 << 18; ++i) marks += i % 2 ? "\xCC\x81" : "\xCC\xA7";  // out of canonical order
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(wordpiece.count(word), 1u);
  EXPECT_EQ(wordpiece.count(marks), 1u);
  EXPECT_EQ(unigram.count(word), size_t{1} << 18);
  EXPECT_EQ(bpe.count(word), size_t{1} << 18);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(60));  // quadratic would be hours
}

TEST(Unicode, RepairsAsWhatwgSays) {
  EXPECT_EQ(unicode::to_valid("a\xF0\x9F\x98z\xFF\xED\xA0\x80"), "a\uFFFDz\uFFFD\uFFFD\uFFFD\uFFFD");
  EXPECT_EQ(unicode::normalize("e\u0301", unicode::Form::Nfc), "\u00E9");
}

}  // namespace
}  // namespace hanok::text
