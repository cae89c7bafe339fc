#include "text/tokenizers/normalizer.h"

#include <array>
#include <functional>
#include <utility>
#include <vector>

#include "base/base64.h"
#include "hanok/error.h"
#include "text/tokenizers/byte_level.h"
#include "text/tokenizers/charsmap.h"
#include "text/tokenizers/pattern.h"
#include "text/tokenizers/unicode.h"

namespace hanok::text::tokenizers {
namespace {

/// Most normalisers look at one code point at a time: `step` appends what becomes of it.
template <typename Step>
void for_each(std::string& text, Step step) {
  std::string out;
  out.reserve(text.size());
  for (size_t at = 0; at < text.size();) step(out, unicode::next(text, at));
  text = std::move(out);
}

class ByFunction : public Normalizer {
 public:
  explicit ByFunction(std::function<void(std::string&)> function) : function_(std::move(function)) {}
  void apply(std::string& text) const override { function_(text); }

 private:
  std::function<void(std::string&)> function_;
};

class Sequence : public Normalizer {
 public:
  Sequence(const JsonView& json, int depth) {
    if (depth >= kMaxNesting) json.fail(Code::Unsupported, "sequences nested too deeply");
    const auto list = json.at("normalizers");
    size_t i = 0;
    for (const auto entry : list.array()) steps_.push_back(make_normalizer(list.item(i++, entry), depth + 1));
  }
  void apply(std::string& text) const override {
    for (const auto& step : steps_) step->apply(text);
  }

 private:
  std::vector<std::unique_ptr<Normalizer>> steps_;
};

/// BERT's own: control characters out, blanks to spaces, spaces around ideographs, accents and case away.
class Bert : public Normalizer {
 public:
  explicit Bert(const JsonView& json)
      : clean_(json.bool_or("clean_text", true)),
        ideographs_(json.bool_or("handle_chinese_chars", true)),
        lower_(json.bool_or("lowercase", true)),
        strip_(json.bool_or("strip_accents", lower_)) {}

  void apply(std::string& text) const override {
    for_each(text, [this](std::string& out, char32_t c) { first_pass(out, c); });
    if (strip_) {
      text = unicode::normalize(text, unicode::Form::Nfd);
      for_each(text, [](std::string& out, char32_t c) {
        if (!unicode::is_nonspacing_mark(c)) unicode::append(out, c);
      });
    }
    if (lower_) for_each(text, unicode::append_lower);
  }

 private:
  void first_pass(std::string& out, char32_t c) const {
    const bool blank = c == '\t' || c == '\n' || c == '\r' || unicode::is_white_space(c);
    if (clean_) {
      if (c == 0 || c == 0xFFFD) return;
      if (c != '\t' && c != '\n' && c != '\r' && (c < 0x80 ? c < 32 || c == 127 : unicode::is_other(c))) return;
      if (blank) c = ' ';
    }
    if (ideographs_ && unicode::is_bert_ideograph(c)) {
      out += ' ';
      unicode::append(out, c);
      out += ' ';
    } else {
      unicode::append(out, c);
    }
  }

  bool clean_, ideographs_, lower_, strip_;
};

/// sentencepiece's nmt rules without the NFKC part.
void nmt(std::string& text) {
  for_each(text, [](std::string& out, char32_t c) {
    if ((c >= 1 && c <= 8) || c == 0xB || (c >= 0xE && c <= 0x1F) || c == 0x7F || c == 0x8F || c == 0x9F) return;
    const bool blank = c == 9 || c == 0xA || c == 0xC || c == 0xD || c == 0x1680 || (c >= 0x200B && c <= 0x200F) ||
                       c == 0x2028 || c == 0x2029 || c == 0x2581 || c == 0xFEFF || c == 0xFFFD;
    unicode::append(out, blank ? U' ' : c);
  });
}

void strip(std::string& text, bool left, bool right) {
  size_t begin = 0, end = text.size();
  while (left && begin < end) {
    size_t after = begin;
    if (!unicode::is_white_space(unicode::next(text, after))) break;
    begin = after;
  }
  while (right && end > begin) {
    size_t at = unicode::previous(text, end);
    const size_t before = at;
    if (!unicode::is_white_space(unicode::next(text, at))) break;
    end = before;
  }
  text = text.substr(begin, end - begin);
}

using Make = std::function<void(std::string&)> (*)(const JsonView&);

template <unicode::Form form>
std::function<void(std::string&)> unicode_form(const JsonView&) {
  return [](std::string& text) { text = unicode::normalize(text, form); };
}

std::function<void(std::string&)> lowercase(const JsonView&) {
  return [](std::string& text) { for_each(text, unicode::append_lower); };
}

std::function<void(std::string&)> strip_accents(const JsonView&) {
  return [](std::string& text) {
    for_each(text, [](std::string& out, char32_t c) {
      if (!unicode::is_mark(c)) unicode::append(out, c);
    });
  };
}

std::function<void(std::string&)> strip_blanks(const JsonView& json) {
  return [left = json.bool_or("strip_left", true), right = json.bool_or("strip_right", true)](std::string& text) {
    strip(text, left, right);
  };
}

std::function<void(std::string&)> replace(const JsonView& json) {
  return [pattern = std::shared_ptr<Pattern>(make_pattern(json.at("pattern"))),
          content = std::string(json.at("content").string())](std::string& text) {
    text = replace_all(*pattern, text, content);
  };
}

std::function<void(std::string&)> prepend(const JsonView& json) {
  return [what = std::string(json.at("prepend").string())](std::string& text) {
    if (!text.empty()) text.insert(0, what);
  };
}

std::function<void(std::string&)> precompiled(const JsonView& json) {
  const auto blob = json.at("precompiled_charsmap");
  const auto bytes = base::base64_decoded(blob.string());
  if (!bytes) throw Error(Code::Invalid, blob.where + ": base64 was expected");
  if (bytes->empty()) return [](std::string&) {};
  return [map = Charsmap(*bytes)](std::string& text) { text = map.apply(text); };
}

std::function<void(std::string&)> nmt_rules(const JsonView&) { return nmt; }

std::function<void(std::string&)> byte_level(const JsonView&) {
  return [](std::string& text) {
    std::string out;
    append_byte_level(out, text);
    text = std::move(out);
  };
}

constexpr std::array<std::pair<std::string_view, Make>, 12> kKinds{{
    {"NFC", unicode_form<unicode::Form::Nfc>},
    {"NFD", unicode_form<unicode::Form::Nfd>},
    {"NFKC", unicode_form<unicode::Form::Nfkc>},
    {"NFKD", unicode_form<unicode::Form::Nfkd>},
    {"Lowercase", lowercase},
    {"StripAccents", strip_accents},
    {"Strip", strip_blanks},
    {"Replace", replace},
    {"Prepend", prepend},
    {"Precompiled", precompiled},
    {"Nmt", nmt_rules},
    {"ByteLevel", byte_level},
}};

}  // namespace

std::unique_ptr<Normalizer> make_normalizer(const JsonView& json, int depth) {
  const auto type = json.type();
  if (type == "Sequence") return std::make_unique<Sequence>(json, depth);
  if (type == "BertNormalizer") return std::make_unique<Bert>(json);
  for (const auto& [name, make] : kKinds)
    if (name == type) return std::make_unique<ByFunction>(make(json));
  json.fail(Code::Unsupported, "a normalizer of type \"" + std::string(type) + "\"");
}

}  // namespace hanok::text::tokenizers
