#include "text/tokenizers/model.h"

namespace hanok::text::tokenizers {

void read_vocabulary(const JsonView& json, Vocabulary& vocabulary) {
  const auto object = json.object();
  vocabulary.reserve(object.size(), 0);
  for (const auto [token, value] : object) {
    int64_t id = -1;
    if (value.get(id) != simdjson::SUCCESS || id < 0 || id > kMaxTokenId)
      json.fail(Code::Invalid, "the id of token \"" + std::string(token) + "\" is no integer from 0 to " +
                                   std::to_string(kMaxTokenId));
    vocabulary.add(token, static_cast<TokenId>(id));
  }
}

std::vector<TokenId> byte_tokens(const Vocabulary& vocabulary) {
  constexpr char kHex[] = "0123456789ABCDEF";
  std::vector<TokenId> ids;
  for (unsigned b = 0; b < 256; ++b) {
    const char name[] = {'<', '0', 'x', kHex[b >> 4], kHex[b & 15], '>'};
    ids.push_back(vocabulary.lookup({name, sizeof name}));
  }
  return ids;
}

std::unique_ptr<Model> make_model(const JsonView& json) {
  auto type = std::string(json.string_or("type", ""));
  if (type.empty()) type = json.find("merges") ? "BPE" : json.find("unk_id") ? "Unigram" : "WordPiece";
  if (type == "WordPiece") return make_wordpiece(json);
  if (type == "Unigram") return make_unigram(json);
  if (type == "BPE") return make_bpe(json);
  if (type == "SentencePiece") return make_sentence_piece(json);
  json.fail(Code::Unsupported, "a tokenizer model of type \"" + type + "\"; there are WordPiece, Unigram and BPE");
}

}  // namespace hanok::text::tokenizers
