#include "text/tokenizers/tokenizer.h"

#include <array>
#include <utility>

#include "base/file.h"
#include "base/json.h"
#include "text/tokenizers/added_tokens.h"
#include "text/tokenizers/decoder.h"
#include "text/tokenizers/model.h"
#include "text/tokenizers/normalizer.h"
#include "text/tokenizers/pre_tokenizer.h"
#include "text/tokenizers/unicode.h"

namespace hanok::text {
namespace {

namespace fs = std::filesystem;
using tokenizers::JsonView;

constexpr uint64_t kMaxFileBytes = 512ull << 20;  // the largest published ones have about 35 MB
constexpr uint64_t kMaxConfigBytes = 16ull << 20;
constexpr size_t kSensibleLength = 10'000'000;  // model_max_length is 1e30 where nobody knew it

std::optional<Truncation> read_truncation(const std::optional<JsonView>& json) {
  if (!json) return std::nullopt;
  Truncation t;
  t.max_length = static_cast<size_t>(json->at("max_length").integer(0, INT32_MAX));
  if (const auto stride = json->find("stride")) t.stride = static_cast<size_t>(stride->integer(0, INT32_MAX));
  t.strategy = json->string_or("strategy", "LongestFirst");
  t.direction = json->string_or("direction", "Right");
  return t;
}

std::optional<Padding> read_padding(const std::optional<JsonView>& json) {
  if (!json) return std::nullopt;
  Padding p;
  if (const auto strategy = json->find("strategy"); strategy && strategy->value.is_object())
    p.fixed = static_cast<size_t>(strategy->at("Fixed").integer(0, INT32_MAX));
  p.direction = json->string_or("direction", "Right");
  if (const auto n = json->find("pad_to_multiple_of")) p.multiple_of = static_cast<size_t>(n->integer(0, INT32_MAX));
  if (const auto id = json->find("pad_id")) p.id = static_cast<TokenId>(id->integer(0, tokenizers::kMaxTokenId));
  if (const auto id = json->find("pad_type_id")) p.type_id = static_cast<TokenId>(id->integer(0, INT32_MAX));
  p.token = json->string_or("pad_token", "[PAD]");
  return p;
}

struct Role {
  const char* key;
  std::optional<TokenId> SpecialIds::*id;
  std::array<const char*, 3> usual;
};
constexpr std::array<Role, 7> kRoles{{{"unk_token", &SpecialIds::unk, {"[UNK]", "<unk>", ""}},
                                      {"pad_token", &SpecialIds::pad, {"[PAD]", "<pad>", ""}},
                                      {"cls_token", &SpecialIds::cls, {"[CLS]", "<s>", ""}},
                                      {"sep_token", &SpecialIds::sep, {"[SEP]", "</s>", ""}},
                                      {"bos_token", &SpecialIds::bos, {"<s>", "<bos>", "<|begin_of_text|>"}},
                                      {"eos_token", &SpecialIds::eos, {"</s>", "<eos>", "<|endoftext|>"}},
                                      {"mask_token", &SpecialIds::mask, {"[MASK]", "<mask>", ""}}}};

/// A token in tokenizer_config.json: "x" or {"content": "x", ...}.
std::string token_text(const base::Json& config, const char* key) {
  const auto found = config.find(key);
  if (found == config.end()) return {};
  if (found->is_string()) return found->get<std::string>();
  if (found->is_object()) {
    const auto content = found->find("content");
    if (content != found->end() && content->is_string()) return content->get<std::string>();
  }
  return {};
}

/// Cuts two lengths so that their sum is at most `budget`, the longer one first.
void longest_first(size_t& a, size_t& b, size_t budget) {
  if (a + b <= budget) return;
  const size_t half = budget / 2;
  size_t& shorter = a <= b ? a : b;
  size_t& longer = a <= b ? b : a;
  if (shorter > half) shorter = half;
  longer = budget - shorter;
}

}  // namespace

struct Tokenizer::Impl {
  std::unique_ptr<tokenizers::Normalizer> normalizer;
  std::unique_ptr<tokenizers::PreTokenizer> pre_tokenizer;
  std::unique_ptr<tokenizers::Model> model;
  std::unique_ptr<tokenizers::AddedTokens> added;
  std::unique_ptr<tokenizers::Decoder> decoder;
  tokenizers::PostProcessor post;
  std::optional<Truncation> truncation;
  std::optional<Padding> padding;
  std::optional<size_t> model_max_length;
  SpecialIds special;
  size_t size = 0;

  explicit Impl(const JsonView& json) {
    if (const auto j = json.find("normalizer")) normalizer = tokenizers::make_normalizer(*j);
    if (const auto j = json.find("pre_tokenizer")) pre_tokenizer = tokenizers::make_pre_tokenizer(*j);
    model = tokenizers::make_model(json.at("model"));
    added = std::make_unique<tokenizers::AddedTokens>(json.find("added_tokens"), normalizer.get());
    if (const auto j = json.find("post_processor")) post = tokenizers::PostProcessor(*j);
    if (const auto j = json.find("decoder")) decoder = tokenizers::make_decoder(*j);
    truncation = read_truncation(json.find("truncation"));
    padding = read_padding(json.find("padding"));
    size = model->vocabulary().size();
    for (const auto& token : added->tokens()) size += !model->vocabulary().token(token.id);
    set_roles(base::Json::object(), base::Json::object());
  }

  std::optional<TokenId> id(std::string_view token) const {
    if (const auto found = added->find(token)) return found;
    return model->vocabulary().find(token);
  }

  std::optional<std::string> token(TokenId id) const {
    if (const auto* found = added->find(id)) return found->content;
    if (const auto found = model->vocabulary().token(id)) return std::string(*found);
    return std::nullopt;
  }

  /// What the configuration names; where it is silent, the usual names if the vocabulary has them.
  void set_roles(const base::Json& config, const base::Json& map) {
    special = {};
    for (const Role& role : kRoles) {
      std::string name = token_text(config, role.key);
      if (name.empty()) name = token_text(map, role.key);
      if (!name.empty()) special.*role.id = id(name);
      for (const char* usual : role.usual)
        if (!(special.*role.id) && *usual) special.*role.id = id(usual);
    }
    if (model->unknown() >= 0 && !special.unk) special.unk = model->unknown();
  }

  void read_config(const fs::path& folder) {
    base::Json config = base::Json::object(), map = base::Json::object();
    for (auto [name, json] :
         {std::pair{"tokenizer_config.json", &config}, std::pair{"special_tokens_map.json", &map}}) {
      if (!fs::exists(folder / name)) continue;
      *json = base::parse_json(base::read_file(folder / name, kMaxConfigBytes), (folder / name).string());
      if (!json->is_object()) throw Error(Code::Invalid, (folder / name).string() + ": expected an object");
    }
    set_roles(config, map);
    const auto length = config.find("model_max_length");
    if (length == config.end() || !length->is_number()) return;
    const double n = length->get<double>();
    if (n >= 1 && n <= kSensibleLength) model_max_length = static_cast<size_t>(n);
  }

  std::vector<TokenId> ids(std::string_view text) const {
    std::string repaired;
    if (!unicode::is_valid(text)) text = repaired = unicode::to_valid(text);
    std::vector<TokenId> out;
    for (const auto& segment : added->raw().split(text)) {
      if (segment.id >= 0)
        out.push_back(segment.id);
      else
        plain(text.substr(segment.begin, segment.end - segment.begin), segment.begin == 0, out);
    }
    return out;
  }

  void plain(std::string_view text, bool at_start, std::vector<TokenId>& out) const {
    std::string normalized(text);
    if (normalizer) normalizer->apply(normalized);
    for (const auto& segment : added->normalized().split(normalized)) {
      if (segment.id >= 0) {
        out.push_back(segment.id);
        continue;
      }
      tokenizers::Pieces pieces;
      pieces.text = normalized.substr(segment.begin, segment.end - segment.begin);
      pieces.list.push_back({0, pieces.text.size()});
      pieces.at_start = at_start && segment.begin == 0;
      if (pre_tokenizer) pre_tokenizer->apply(pieces);
      for (const auto& piece : pieces.list) model->encode(pieces.view(piece), out);
    }
  }

  size_t budget(const EncodeOptions& options, bool pair) const {
    if (options.max_length == 0) return SIZE_MAX;
    const size_t extra = options.add_special_tokens ? post.added(pair) : 0;
    return options.max_length > extra ? options.max_length - extra : 0;
  }
};

Tokenizer::Tokenizer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Tokenizer::~Tokenizer() = default;
Tokenizer::Tokenizer(Tokenizer&&) noexcept = default;
Tokenizer& Tokenizer::operator=(Tokenizer&&) noexcept = default;

Tokenizer Tokenizer::parse(std::string_view json, std::string_view name) {
  if (json.size() > kMaxFileBytes)
    throw Error(Code::Exhausted, std::string(name) + ": more than " + std::to_string(kMaxFileBytes >> 20) + " MiB");
  const simdjson::padded_string padded(json);
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  const auto error = parser.parse(padded).get(root);
  if (error != simdjson::SUCCESS)
    throw Error(Code::Invalid, std::string(name) + ": not JSON: " + simdjson::error_message(error));
  try {
    return Tokenizer(std::make_unique<Impl>(JsonView{root, ""}));
  } catch (const Error& e) {
    throw Error(e.code(), std::string(name) + ": " + e.what());
  }
}

Tokenizer Tokenizer::load(const fs::path& folder_or_file) {
  const bool folder = fs::is_directory(folder_or_file);
  const fs::path file = folder ? folder_or_file / "tokenizer.json" : folder_or_file;
  if (!fs::exists(file))
    throw Error(Code::NotFound, file.string() +
                                    ": no such file; hanok reads the \"fast\" tokenizer that Hugging Face "
                                    "models bring as tokenizer.json");
  Tokenizer tokenizer = parse(base::MappedFile(file).view(), file.string());
  tokenizer.impl_->read_config(file.parent_path());
  return tokenizer;
}

Encoding Tokenizer::encode(std::string_view text, const EncodeOptions& options) const {
  std::vector<TokenId> ids = impl_->ids(text);
  ids.resize(std::min(ids.size(), impl_->budget(options, false)));
  return impl_->post.assemble(std::span(&ids, 1), options.add_special_tokens);
}

Encoding Tokenizer::encode_pair(std::string_view a, std::string_view b, const EncodeOptions& options) const {
  std::array<std::vector<TokenId>, 2> ids = {impl_->ids(a), impl_->ids(b)};
  size_t first = ids[0].size(), second = ids[1].size();
  longest_first(first, second, impl_->budget(options, true));
  ids[0].resize(first);
  ids[1].resize(second);
  return impl_->post.assemble(ids, options.add_special_tokens);
}

size_t Tokenizer::count(std::string_view text) const { return impl_->ids(text).size(); }

std::string Tokenizer::decode(std::span<const TokenId> ids, bool skip_special) const {
  std::vector<std::string> tokens;
  for (const TokenId id : ids) {
    auto token = impl_->token(id);
    if (token && !(skip_special && impl_->added->is_special(*token))) tokens.push_back(std::move(*token));
  }
  if (impl_->decoder) impl_->decoder->apply(tokens);
  std::string out;
  for (size_t i = 0; i < tokens.size(); ++i) {
    if (i > 0 && !impl_->decoder) out += ' ';
    out += tokens[i];
  }
  return out;
}

size_t Tokenizer::vocab_size() const { return impl_->size; }
std::optional<TokenId> Tokenizer::token_id(std::string_view token) const { return impl_->id(token); }
std::optional<std::string> Tokenizer::token(TokenId id) const { return impl_->token(id); }
bool Tokenizer::is_special(TokenId id) const {
  const auto* token = impl_->added->find(id);
  return token && token->special;
}
const SpecialIds& Tokenizer::special() const { return impl_->special; }
size_t Tokenizer::added_by_encode(bool pair) const { return impl_->post.added(pair); }
const std::optional<Truncation>& Tokenizer::truncation() const { return impl_->truncation; }
const std::optional<Padding>& Tokenizer::padding() const { return impl_->padding; }
std::optional<size_t> Tokenizer::model_max_length() const { return impl_->model_max_length; }

}  // namespace hanok::text
