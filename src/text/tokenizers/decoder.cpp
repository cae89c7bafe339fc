#include "text/tokenizers/decoder.h"

#include <array>
#include <string_view>
#include <utility>

#include "base/ascii.h"
#include "text/tokenizers/byte_level.h"
#include "text/tokenizers/pattern.h"
#include "text/tokenizers/unicode.h"

namespace hanok::text::tokenizers {
namespace {

class Sequence : public Decoder {
 public:
  Sequence(const JsonView& json, int depth) {
    if (depth >= kMaxNesting) json.fail(Code::Unsupported, "sequences nested too deeply");
    const auto list = json.at("decoders");
    size_t i = 0;
    for (const auto entry : list.array()) steps_.push_back(make_decoder(list.item(i++, entry), depth + 1));
  }
  void apply(std::vector<std::string>& tokens) const override {
    for (const auto& step : steps_) step->apply(tokens);
  }

 private:
  std::vector<std::unique_ptr<Decoder>> steps_;
};

void join(std::vector<std::string>& tokens) {
  std::string all;
  for (const auto& t : tokens) all += t;
  tokens.assign(1, std::move(all));
}

class Fuse : public Decoder {
 public:
  explicit Fuse(const JsonView&) {}
  void apply(std::vector<std::string>& tokens) const override { join(tokens); }
};

class ByteLevel : public Decoder {
 public:
  explicit ByteLevel(const JsonView&) {}
  void apply(std::vector<std::string>& tokens) const override {
    std::string bytes;
    for (const auto& t : tokens)
      if (!append_bytes(bytes, t)) bytes += t;
    tokens.assign(1, unicode::to_valid(bytes));
  }
};

void replace_text(std::string& text, std::string_view from, std::string_view to) {
  size_t found = text.find(from);
  if (found == std::string::npos) return;
  std::string out;
  size_t rest = 0;
  for (; found != std::string::npos; found = text.find(from, rest)) {
    out.append(text, rest, found - rest).append(to);
    rest = found + from.size();
  }
  text = out.append(text, rest);
}

/// Joins "play" "##ing", and takes away the blanks that splitting put before punctuation.
class WordPiece : public Decoder {
 public:
  explicit WordPiece(const JsonView& json)
      : prefix_(json.string_or("prefix", "##")), cleanup_(json.bool_or("cleanup", true)) {}
  void apply(std::vector<std::string>& tokens) const override {
    for (size_t i = 0; i < tokens.size(); ++i) {
      std::string& t = tokens[i];
      if (i != 0) t.starts_with(prefix_) ? t.erase(0, prefix_.size()) : t.insert(0, " ");
      if (cleanup_)
        for (const auto& [from, to] : kCleanup) replace_text(t, from, to);
    }
  }

 private:
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 11> kCleanup{{{" .", "."},
                                                                                           {" ?", "?"},
                                                                                           {" !", "!"},
                                                                                           {" ,", ","},
                                                                                           {" ' ", "'"},
                                                                                           {" n't", "n't"},
                                                                                           {" 'm", "'m"},
                                                                                           {" do not", " don't"},
                                                                                           {" 's", "'s"},
                                                                                           {" 've", "'ve"},
                                                                                           {" 're", "'re"}}};
  std::string prefix_;
  bool cleanup_;
};

class Metaspace : public Decoder {
 public:
  explicit Metaspace(const JsonView& json)
      : mark_(json.string_or("replacement", "\xE2\x96\x81")),
        drops_first_(json.string_or("prepend_scheme", json.bool_or("add_prefix_space", true) ? "always" : "never") !=
                     "never") {
    if (mark_.empty()) json.fail(Code::Invalid, "an empty replacement");
  }
  void apply(std::vector<std::string>& tokens) const override {
    for (size_t i = 0; i < tokens.size(); ++i) replace_text(tokens[i], mark_, i == 0 && drops_first_ ? "" : " ");
  }

 private:
  std::string mark_;
  bool drops_first_;
};

class Bpe : public Decoder {
 public:
  explicit Bpe(const JsonView& json) : suffix_(json.string_or("suffix", "</w>")) {}
  void apply(std::vector<std::string>& tokens) const override {
    if (suffix_.empty()) return;
    for (size_t i = 0; i < tokens.size(); ++i) replace_text(tokens[i], suffix_, i + 1 == tokens.size() ? "" : " ");
  }

 private:
  std::string suffix_;
};

/// Runs of <0xE2> <0x82> <0xAC> become the text they are, or one U+FFFD each where they are none.
class ByteFallback : public Decoder {
 public:
  explicit ByteFallback(const JsonView&) {}
  void apply(std::vector<std::string>& tokens) const override {
    std::vector<std::string> out;
    std::string bytes;
    const auto flush = [&] {
      if (bytes.empty()) return;
      if (unicode::is_valid(bytes))
        out.push_back(bytes);
      else
        out.insert(out.end(), bytes.size(), "\xEF\xBF\xBD");
      bytes.clear();
    };
    for (auto& t : tokens) {
      if (const int b = byte_of(t); b >= 0) {
        bytes += static_cast<char>(b);
        continue;
      }
      flush();
      out.push_back(std::move(t));
    }
    flush();
    tokens = std::move(out);
  }

 private:
  static int byte_of(std::string_view t) {
    if (t.size() != 6 || !t.starts_with("<0x") || t[5] != '>') return -1;
    const int high = base::hex_digit(t[3]), low = base::hex_digit(t[4]);
    return high < 0 || low < 0 ? -1 : high * 16 + low;
  }
};

class Strip : public Decoder {
 public:
  explicit Strip(const JsonView& json)
      : content_(json.string_or("content", " ")),
        start_(static_cast<size_t>(json.at("start").integer(0, INT32_MAX))),
        stop_(static_cast<size_t>(json.at("stop").integer(0, INT32_MAX))) {
    if (content_.empty()) json.fail(Code::Invalid, "an empty content");
  }
  void apply(std::vector<std::string>& tokens) const override {
    for (auto& t : tokens) {
      size_t begin = 0, end = t.size();
      for (size_t i = 0; i < start_ && std::string_view(t).substr(begin).starts_with(content_); ++i)
        begin += content_.size();
      for (size_t i = 0; i < stop_ && end > begin && std::string_view(t).substr(begin, end - begin).ends_with(content_);
           ++i)
        end -= content_.size();
      t = t.substr(begin, end - begin);
    }
  }

 private:
  std::string content_;
  size_t start_, stop_;
};

class Replace : public Decoder {
 public:
  explicit Replace(const JsonView& json)
      : pattern_(make_pattern(json.at("pattern"))), content_(json.at("content").string()) {}
  void apply(std::vector<std::string>& tokens) const override {
    for (auto& t : tokens) t = replace_all(*pattern_, t, content_);
  }

 private:
  std::unique_ptr<Pattern> pattern_;
  std::string content_;
};

template <typename T>
std::unique_ptr<Decoder> make(const JsonView& json) {
  return std::make_unique<T>(json);
}

constexpr std::array<std::pair<std::string_view, std::unique_ptr<Decoder> (*)(const JsonView&)>, 8> kKinds{{
    {"ByteLevel", make<ByteLevel>},
    {"WordPiece", make<WordPiece>},
    {"Metaspace", make<Metaspace>},
    {"BPEDecoder", make<Bpe>},
    {"ByteFallback", make<ByteFallback>},
    {"Fuse", make<Fuse>},
    {"Strip", make<Strip>},
    {"Replace", make<Replace>},
}};

}  // namespace

std::unique_ptr<Decoder> make_decoder(const JsonView& json, int depth) {
  const auto type = json.type();
  if (type == "Sequence") return std::make_unique<Sequence>(json, depth);
  for (const auto& [name, make_one] : kKinds)
    if (name == type) return make_one(json);
  json.fail(Code::Unsupported, "a decoder of type \"" + std::string(type) + "\"");
}

}  // namespace hanok::text::tokenizers
