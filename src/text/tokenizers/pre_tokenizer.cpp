#include "text/tokenizers/pre_tokenizer.h"

#include <array>
#include <utility>

#include "text/tokenizers/byte_level.h"
#include "text/tokenizers/split.h"
#include "text/tokenizers/unicode.h"

namespace hanok::text::tokenizers {
namespace {

/// One match for every code point of which `is` is true.
template <typename Is>
auto each(Is is) {
  return [is](std::string_view text) {
    std::vector<Match> parts;
    size_t rest = 0;
    for (size_t at = 0; at < text.size();) {
      const size_t begin = at;
      if (!is(unicode::next(text, at))) continue;
      if (begin > rest) parts.push_back({rest, begin, false});
      parts.push_back({begin, at, true});
      rest = at;
    }
    if (rest < text.size()) parts.push_back({rest, text.size(), false});
    return parts;
  };
}

class Sequence : public PreTokenizer {
 public:
  Sequence(const JsonView& json, int depth) {
    if (depth >= kMaxNesting) json.fail(Code::Unsupported, "sequences nested too deeply");
    const auto list = json.at("pretokenizers");
    size_t i = 0;
    for (const auto entry : list.array()) steps_.push_back(make_pre_tokenizer(list.item(i++, entry), depth + 1));
  }
  void apply(Pieces& pieces) const override {
    for (const auto& step : steps_) step->apply(pieces);
  }

 private:
  std::vector<std::unique_ptr<PreTokenizer>> steps_;
};

bool bert_punctuation(char32_t c) {
  if (c < 0x80) return (c >= 33 && c <= 47) || (c >= 58 && c <= 64) || (c >= 91 && c <= 96) || (c >= 123 && c <= 126);
  return unicode::is_punctuation(c);
}

/// Words between blanks, and every punctuation mark by itself.
class Bert : public PreTokenizer {
 public:
  explicit Bert(const JsonView&) {}
  void apply(Pieces& pieces) const override {
    std::vector<Pieces::Piece> out;
    for (const auto& piece : pieces.list) {
      size_t word = piece.begin;
      for (size_t at = piece.begin; at < piece.end;) {
        const size_t begin = at;
        const char32_t c = unicode::next(pieces.text, at);
        const bool mark = bert_punctuation(c);
        if (!mark && !unicode::is_white_space(c)) continue;
        if (begin > word) out.push_back({word, begin});
        if (mark) out.push_back({begin, at});
        word = at;
      }
      if (piece.end > word) out.push_back({word, piece.end});
    }
    pieces.list = std::move(out);
  }
};

class WhitespaceSplit : public PreTokenizer {
 public:
  explicit WhitespaceSplit(const JsonView&) {}
  void apply(Pieces& pieces) const override { split_pieces(pieces, Behavior::Removed, each(unicode::is_white_space)); }
};

/// \w+|[^\w\s]+
class Whitespace : public PreTokenizer {
 public:
  explicit Whitespace(const JsonView&) {}
  void apply(Pieces& pieces) const override {
    std::vector<Pieces::Piece> out;
    for (const auto& piece : pieces.list) {
      int kind = kBlank;
      for (size_t at = piece.begin; at < piece.end;) {
        const size_t begin = at;
        const char32_t c = unicode::next(pieces.text, at);
        const int now = unicode::is_word(c) ? kWord : unicode::is_white_space(c) ? kBlank : kOther;
        if (now != kBlank && now == kind)
          out.back().end = at;
        else if (now != kBlank)
          out.push_back({begin, at});
        kind = now;
      }
    }
    pieces.list = std::move(out);
  }

 private:
  enum { kBlank, kWord, kOther };
};

class Punctuation : public PreTokenizer {
 public:
  explicit Punctuation(const JsonView& json) : behavior_(Behavior::Isolated) {
    if (const auto b = json.find("behavior")) behavior_ = make_behavior(*b);
  }
  void apply(Pieces& pieces) const override { split_pieces(pieces, behavior_, each(bert_punctuation)); }

 private:
  Behavior behavior_;
};

class Digits : public PreTokenizer {
 public:
  explicit Digits(const JsonView& json)
      : behavior_(json.bool_or("individual_digits", false) ? Behavior::Isolated : Behavior::Contiguous) {}
  void apply(Pieces& pieces) const override { split_pieces(pieces, behavior_, each(unicode::is_numeric)); }

 private:
  Behavior behavior_;
};

class CharDelimiterSplit : public PreTokenizer {
 public:
  explicit CharDelimiterSplit(const JsonView& json)
      : pattern_(make_literal(std::string(json.at("delimiter").string()))) {}
  void apply(Pieces& pieces) const override {
    split_pieces(pieces, Behavior::Removed, [this](std::string_view text) { return pattern_->split(text); });
  }

 private:
  std::unique_ptr<Pattern> pattern_;
};

class Split : public PreTokenizer {
 public:
  explicit Split(const JsonView& json)
      : pattern_(make_pattern(json.at("pattern"))),
        behavior_(make_behavior(json.at("behavior"))),
        invert_(json.bool_or("invert", false)) {}
  void apply(Pieces& pieces) const override {
    split_pieces(pieces, behavior_, [this](std::string_view text) {
      auto parts = pattern_->split(text);
      if (invert_)
        for (Match& m : parts) m.matched = !m.matched;
      return parts;
    });
  }

 private:
  std::unique_ptr<Pattern> pattern_;
  Behavior behavior_;
  bool invert_;
};

/// Spaces become a visible mark that stays at the head of the word behind it.
class Metaspace : public PreTokenizer {
 public:
  explicit Metaspace(const JsonView& json)
      : mark_(json.string_or("replacement", "\xE2\x96\x81")), split_(json.bool_or("split", true)) {
    if (mark_.empty()) json.fail(Code::Invalid, "an empty replacement");
    const auto scheme = json.string_or("prepend_scheme", json.bool_or("add_prefix_space", true) ? "always" : "never");
    if (scheme != "always" && scheme != "first" && scheme != "never")
      json.fail(Code::Invalid, "prepend_scheme \"" + std::string(scheme) + "\"; expected always, first or never");
    always_ = scheme == "always";
    first_ = scheme == "first";
  }

  void apply(Pieces& pieces) const override {
    Pieces out;
    out.at_start = pieces.at_start;
    out.text.reserve(pieces.text.size() + pieces.list.size() * mark_.size() + 16);
    for (const auto& piece : pieces.list) {
      const auto text = pieces.view(piece);
      const size_t begin = out.text.size();
      const bool head = always_ || (first_ && pieces.at_start && piece.begin == 0);
      if (head && text.front() != ' ' && !text.starts_with(mark_)) out.text += mark_;
      for (const char c : text) c == ' ' ? out.text += mark_ : out.text += c;
      add(out, begin);
    }
    pieces = std::move(out);
  }

 private:
  void add(Pieces& out, size_t begin) const {
    const std::string_view text(out.text);
    size_t word = begin;
    if (split_) {
      for (size_t at = text.find(mark_, begin); at != std::string_view::npos;
           at = text.find(mark_, at + mark_.size())) {
        if (at > word) out.list.push_back({word, at});
        word = at;
      }
    }
    if (text.size() > word) out.list.push_back({word, text.size()});
  }

  std::string mark_;
  bool split_, always_, first_;
};

/// GPT-2's pattern, then bytes as characters.
class ByteLevel : public PreTokenizer {
 public:
  explicit ByteLevel(const JsonView& json) : prefix_space_(json.bool_or("add_prefix_space", true)) {
    if (json.bool_or("use_regex", true))
      pattern_ = make_regex(R"('(?:s|t|re|ve|m|ll|d)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)", json.where);
  }

  void apply(Pieces& pieces) const override {
    if (prefix_space_) add_spaces(pieces);
    if (pattern_)
      split_pieces(pieces, Behavior::Isolated, [this](std::string_view text) { return pattern_->split(text); });
    Pieces out;
    out.at_start = pieces.at_start;
    out.text.reserve(pieces.text.size() * 2);
    for (const auto& piece : pieces.list) {
      const size_t begin = out.text.size();
      append_byte_level(out.text, pieces.view(piece));
      out.list.push_back({begin, out.text.size()});
    }
    pieces = std::move(out);
  }

 private:
  static void add_spaces(Pieces& pieces) {
    Pieces out;
    out.at_start = pieces.at_start;
    for (const auto& piece : pieces.list) {
      const size_t begin = out.text.size();
      if (pieces.text[piece.begin] != ' ') out.text += ' ';
      out.text += pieces.view(piece);
      out.list.push_back({begin, out.text.size()});
    }
    pieces = std::move(out);
  }

  bool prefix_space_;
  std::unique_ptr<Pattern> pattern_;
};

template <typename T>
std::unique_ptr<PreTokenizer> make(const JsonView& json) {
  return std::make_unique<T>(json);
}

constexpr std::array<std::pair<std::string_view, std::unique_ptr<PreTokenizer> (*)(const JsonView&)>, 9> kKinds{{
    {"BertPreTokenizer", make<Bert>},
    {"ByteLevel", make<ByteLevel>},
    {"Metaspace", make<Metaspace>},
    {"Split", make<Split>},
    {"Whitespace", make<Whitespace>},
    {"WhitespaceSplit", make<WhitespaceSplit>},
    {"Punctuation", make<Punctuation>},
    {"Digits", make<Digits>},
    {"CharDelimiterSplit", make<CharDelimiterSplit>},
}};

}  // namespace

Behavior make_behavior(const JsonView& json) {
  const auto name = json.string();
  if (name == "Removed" || name == "removed") return Behavior::Removed;
  if (name == "Isolated" || name == "isolated") return Behavior::Isolated;
  if (name == "MergedWithPrevious" || name == "merged_with_previous") return Behavior::MergedWithPrevious;
  if (name == "MergedWithNext" || name == "merged_with_next") return Behavior::MergedWithNext;
  if (name == "Contiguous" || name == "contiguous") return Behavior::Contiguous;
  json.fail(Code::Unsupported, "a split behavior \"" + std::string(name) + "\"");
}

std::unique_ptr<PreTokenizer> make_pre_tokenizer(const JsonView& json, int depth) {
  const auto type = json.type();
  if (type == "Sequence") return std::make_unique<Sequence>(json, depth);
  for (const auto& [name, make_one] : kKinds)
    if (name == type) return make_one(json);
  json.fail(Code::Unsupported, "a pre-tokenizer of type \"" + std::string(type) + "\"");
}

}  // namespace hanok::text::tokenizers
