#include "text/tokenizers/gguf_vocabulary.h"

#include <algorithm>
#include <array>
#include <unordered_set>

#include "base/json.h"
#include "hanok/error.h"
#include "text/tokenizers/unicode.h"

namespace hanok::text::tokenizers {
namespace {

using base::Json;

enum Type : int32_t { kNormal = 1, kUnknown, kControl, kUser, kUnused, kByte };

// ---- pre-tokenizers of byte-level BPE: the expressions of the models' own tokenizer.json ----

constexpr const char* kGpt2 = R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";
constexpr const char* kLlama3 =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
constexpr const char* kQwen2 =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
constexpr const char* kTekken =
    R"([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
constexpr const char* kGpt4o =
    R"([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+)";

struct PreTokenizerOf {
  std::vector<std::string_view> names;
  std::vector<const char*> cuts;  // one after the other, each match a piece of its own
  bool whole_words = false;       // a word that the vocabulary has is taken whole, whatever its merges
};

const std::vector<PreTokenizerOf>& pre_tokenizers() {
  static const std::vector<PreTokenizerOf> table = {
      {{"llama3", "llama-v3", "llama-bpe", "falcon3", "pixtral", "midm-2.0", "lfm2"}, {kLlama3}, true},
      {{"dbrx", "smaug-bpe"}, {kLlama3}},
      {{"qwen2", "deepseek-r1-qwen", "kormo", "megrez", "stablelm2", "hunyuan"}, {kQwen2}},
      {{"gpt-2", "phi-2", "olmo", "mpt", "exaone4", "a.x-4.0", "mellum", "modern-bert", "trillion"}, {kGpt2}},
      {{"smollm", "starcoder", "refact", "command-r", "codeshell", "exaone", "minerva-7b"}, {R"(\p{N})", kGpt2}},
      {{"falcon"}, {R"([\p{P}\$\+<=>\^~\|`]+)", kGpt2, "[0-9][0-9][0-9]"}},
      {{"default", ""}, {R"([\p{P}\$\+<=>\^~\|]+)", kGpt2, R"(\p{N}+)", "[0-9][0-9][0-9]"}},
      {{"deepseek-coder"}, {"[\r\n]", R"(\s?\p{L}+)", R"(\s?\p{P}+)", "[一-龥ࠀ-一가-퟿]+", R"(\p{N})"}},
      {{"tekken"}, {kTekken}, true},
      {{"gpt-4o", "llama4", "kanana2"}, {kGpt4o}},
  };
  return table;
}

const PreTokenizerOf& pre_tokenizer_of(std::string_view name, const std::string& what) {
  std::string known;
  for (const auto& p : pre_tokenizers())
    for (const auto n : p.names) {
      if (n == name) return p;
      known += (known.empty() ? "" : ", ") + std::string(n);
    }
  throw Error(Code::Unsupported, what + ": tokenizer.ggml.pre is '" + std::string(name) +
                                     "', a pre-tokenizer that this version does not know; it knows " + known);
}

// ---- writing JSON: vocabularies have up to 262,144 tokens, so they are written straight into one string ----

void put_string(std::string& out, std::string_view text) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string repaired;
  if (!unicode::is_valid(text)) text = repaired = unicode::to_valid(text);
  out += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      (out += '\\') += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      ((out += "\\u00") += kHex[c >> 4 & 15]) += kHex[c & 15];
    } else {
      out += c;
    }
  }
  out += '"';
}

int32_t type_of(const GgufVocabulary& v, size_t id) { return v.types.empty() ? kNormal : v.types[id]; }

void put_vocabulary(std::string& out, const GgufVocabulary& v, auto token) {
  out += "\"vocab\":{";
  for (size_t id = 0; id < v.tokens.size(); ++id) {
    if (id) out += ',';
    put_string(out, token(v.tokens[id]));
    (out += ':') += std::to_string(id);
  }
  out += '}';
}

std::string added_tokens(const GgufVocabulary& v) {
  Json list = Json::array();
  std::unordered_set<std::string_view> seen;  // a content that stands twice is the first one's
  for (size_t id = 0; id < v.tokens.size(); ++id) {
    const int32_t type = type_of(v, id);
    if ((type != kControl && type != kUser && type != kUnknown) || v.tokens[id].empty()) continue;
    if (!seen.insert(v.tokens[id]).second) continue;
    list.push_back({{"id", id},
                    {"content", v.tokens[id]},
                    {"single_word", false},
                    {"lstrip", false},
                    {"rstrip", type == kControl && !v.blanks_after_control},
                    {"normalized", false},
                    {"special", type != kUser}});
  }
  return base::dump_json(list);
}

// Special tokens around a text and around each of a pair.
std::string post_processor(const GgufVocabulary& v, bool bos, bool eos) {
  Json single = Json::array(), pair = Json::array(), specials = Json::object();
  const auto add = [&](Json& to, int64_t id, int type) {
    const std::string token(v.tokens[static_cast<size_t>(id)]);
    to.push_back({{"SpecialToken", {{"id", token}, {"type_id", type}}}});
    specials[token] = {{"id", token}, {"ids", {id}}, {"tokens", {token}}};
  };
  const auto text = [](Json& to, const char* which, int type) {
    to.push_back({{"Sequence", {{"id", which}, {"type_id", type}}}});
  };
  const auto end = v.model == "bert" ? v.separator : v.eos;
  const auto begin = v.model == "bert" && v.cls ? v.cls : v.bos;
  if (bos && begin) add(single, *begin, 0), add(pair, *begin, 0);
  text(single, "A", 0), text(pair, "A", 0);
  if (eos && end) add(single, *end, 0), add(pair, *end, 0);
  text(pair, "B", 1);
  if (eos && end) add(pair, *end, 1);
  return base::dump_json(
      Json{{"type", "TemplateProcessing"}, {"single", single}, {"pair", pair}, {"special_tokens", specials}});
}

void check(const GgufVocabulary& v, const std::string& what) {
  const auto wrong = [&](const std::string& why) { throw Error(Code::Corrupt, what + ": " + why); };
  if (v.tokens.empty()) wrong("has no tokens (tokenizer.ggml.tokens)");
  if (!v.types.empty() && v.types.size() != v.tokens.size())
    wrong("has " + std::to_string(v.tokens.size()) + " tokens and " + std::to_string(v.types.size()) +
          " types of them");
  if (v.model == "llama" && v.scores.size() != v.tokens.size())
    wrong("has " + std::to_string(v.tokens.size()) + " tokens and " + std::to_string(v.scores.size()) +
          " scores of them");
  for (const auto& id : {v.bos, v.eos, v.unknown, v.separator, v.cls})
    if (id && (*id < 0 || static_cast<size_t>(*id) >= v.tokens.size()))
      wrong("names token " + std::to_string(*id) + " of " + std::to_string(v.tokens.size()));
}

std::string byte_level(const GgufVocabulary& v, const std::string& what) {
  const PreTokenizerOf& pre = pre_tokenizer_of(v.pre, what);
  Json steps = Json::array();
  for (const char* cut : pre.cuts)
    steps.push_back({{"type", "Split"}, {"pattern", {{"Regex", cut}}}, {"behavior", "Isolated"}, {"invert", false}});
  steps.push_back({{"type", "ByteLevel"}, {"add_prefix_space", false}, {"trim_offsets", false}, {"use_regex", false}});
  std::string out = "{\"pre_tokenizer\":" + base::dump_json(Json{{"type", "Sequence"}, {"pretokenizers", steps}}) +
                    ",\"decoder\":{\"type\":\"ByteLevel\"},\"model\":{\"type\":\"BPE\",\"ignore_merges\":" +
                    (pre.whole_words ? "true" : "false") + ",";
  put_vocabulary(out, v, [](std::string_view token) { return token; });
  out += ",\"merges\":[";
  for (size_t i = 0; i < v.merges.size(); ++i) {
    if (i) out += ',';
    put_string(out, v.merges[i]);
  }
  return out + "]}";
}

std::string sentence_piece(const GgufVocabulary& v) {
  const bool prefix = v.add_space_prefix.value_or(true);
  Json normalize = Json::array(), decode = Json::array();
  if (prefix) normalize.push_back({{"type", "Prepend"}, {"prepend", "▁"}});
  normalize.push_back({{"type", "Replace"}, {"pattern", {{"String", " "}}}, {"content", "▁"}});
  decode.push_back({{"type", "Replace"}, {"pattern", {{"String", "▁"}}}, {"content", " "}});
  decode.push_back({{"type", "ByteFallback"}});
  decode.push_back({{"type", "Fuse"}});
  if (prefix) decode.push_back({{"type", "Strip"}, {"content", " "}, {"start", 1}, {"stop", 0}});
  std::string out = "{\"normalizer\":" + base::dump_json(Json{{"type", "Sequence"}, {"normalizers", normalize}}) +
                    ",\"decoder\":" + base::dump_json(Json{{"type", "Sequence"}, {"decoders", decode}}) +
                    ",\"model\":{\"type\":\"SentencePiece\"";
  if (v.unknown) out += ",\"unk_id\":" + std::to_string(*v.unknown);
  out += ",\"pieces\":[";
  char score[32];
  for (size_t id = 0; id < v.tokens.size(); ++id) {
    const int32_t type = type_of(v, id);
    out += id ? ",[" : "[";
    put_string(out, v.tokens[id]);
    std::snprintf(score, sizeof score, ",%.9g,%s]", static_cast<double>(v.scores[id]),
                  type == kNormal || type == kUser || type == kUnused ? "true" : "false");
    out += score;
  }
  return out + "]}";
}

// Pieces that begin a word carry U+2581 in these files, in place of "##" on those that do not.
std::string word_piece(const GgufVocabulary& v, const std::string& what) {
  if (!v.unknown) throw Error(Code::Corrupt, what + ": has no tokenizer.ggml.unknown_token_id");
  constexpr std::string_view kStart = "▁";
  std::string out = R"({"normalizer":{"type":"BertNormalizer","clean_text":true,"handle_chinese_chars":true,)"
                    R"("strip_accents":true,"lowercase":true},"pre_tokenizer":{"type":"BertPreTokenizer"},)"
                    R"("decoder":{"type":"WordPiece","prefix":"##","cleanup":true},"model":{"type":"WordPiece",)"
                    R"("continuing_subword_prefix":"##","max_input_chars_per_word":100,"unk_token":)";
  put_string(out, v.tokens[static_cast<size_t>(*v.unknown)]);
  out += ',';
  std::string name;
  put_vocabulary(out, v, [&](std::string_view token) -> std::string_view {
    if (token.starts_with(kStart)) return token.substr(kStart.size());
    if (token.starts_with('[') && token.ends_with(']')) return token;  // [CLS] and its like
    return name = "##" + std::string(token);
  });
  return out + "}";
}

}  // namespace

const char* const kGpt2Words = kGpt2;

std::optional<std::string> gguf_pre_name(const std::vector<std::string>& cuts, bool whole_words) {
  for (const auto& p : pre_tokenizers()) {
    if (p.cuts.size() != cuts.size() || p.whole_words != whole_words) continue;
    if (!std::equal(cuts.begin(), cuts.end(), p.cuts.begin(), [](const auto& a, const char* b) { return a == b; }))
      continue;
    return p.names[0] == "llama3" ? "llama-bpe" : std::string(p.names[0]);  // as converters write it
  }
  return std::nullopt;
}

std::string tokenizer_json(const GgufVocabulary& v, const std::string& what) {
  check(v, what);
  std::string out;
  bool bos = false, eos = false;
  if (v.model == "gpt2") {
    out = byte_level(v, what);
    bos = pre_tokenizer_of(v.pre, what).cuts.front() == std::string_view(kLlama3) &&
          pre_tokenizer_of(v.pre, what).whole_words;
  } else if (v.model == "llama") {
    out = sentence_piece(v);
    bos = true;
  } else if (v.model == "bert") {
    out = word_piece(v, what);
    bos = eos = true;
  } else {
    throw Error(Code::Unsupported, what + ": tokenizer.ggml.model is '" + std::string(v.model) +
                                       "'; this version reads gpt2, llama and bert");
  }
  bos = v.add_bos.value_or(bos);
  eos = v.add_eos.value_or(eos);
  if (bos || eos) out += ",\"post_processor\":" + post_processor(v, bos, eos);
  return out + ",\"added_tokens\":" + added_tokens(v) + "}";
}

}  // namespace hanok::text::tokenizers
