#include "text/tokenizers/post_processor.h"

#include <algorithm>
#include <span>

namespace hanok::text::tokenizers {

PostProcessor::PostProcessor(const JsonView& json) { read(json, 0); }

void PostProcessor::read(const JsonView& json, int depth) {
  const auto type = json.type();
  if (type == "ByteLevel") return;  // trims offsets, which are not kept here
  if (type == "TemplateProcessing") return read_template(json);
  if (type == "BertProcessing") return read_bert(json, false);
  if (type == "RobertaProcessing") return read_bert(json, true);
  if (type != "Sequence" || depth >= kMaxNesting)
    json.fail(Code::Unsupported, "a post-processor of type \"" + std::string(type) + "\"");
  const auto list = json.at("processors");
  size_t i = 0;
  for (const auto entry : list.array()) read(list.item(i++, entry), depth + 1);
}

PostProcessor::Template PostProcessor::read_parts(const JsonView& parts, const JsonView& specials, bool pair) {
  Template out;
  size_t i = 0;
  for (const auto entry : parts.array()) {
    const JsonView item = parts.item(i++, entry);
    const auto sequence = item.find("Sequence");
    const JsonView body = sequence ? *sequence : item.at("SpecialToken");
    Part part;
    if (const auto type = body.find("type_id")) part.type_id = static_cast<TokenId>(type->integer(0, INT32_MAX));
    const auto id = body.at("id").string();
    if (sequence) {
      if (id != "A" && !(pair && id == "B"))
        body.fail(Code::Invalid, "an unknown sequence \"" + std::string(id) + "\"");
      part.sequence = id == "B";
    } else {
      const JsonView special = specials.at(id);
      const JsonView ids = special.at("ids");
      size_t k = 0;
      for (const auto value : ids.array())
        part.ids.push_back(static_cast<TokenId>(ids.item(k++, value).integer(0, kMaxTokenId)));
    }
    out.push_back(std::move(part));
  }
  return out;
}

void PostProcessor::read_template(const JsonView& json) {
  const JsonView specials = json.at("special_tokens");
  templates_[0] = read_parts(json.at("single"), specials, false);
  if (const auto pair = json.find("pair")) templates_[1] = read_parts(*pair, specials, true);
}

/// [CLS] A [SEP] B [SEP]; RoBERTa: <s> A </s> </s> B </s>, all of type 0.
void PostProcessor::read_bert(const JsonView& json, bool roberta) {
  const auto special = [&](std::string_view key) {
    const JsonView pair = json.at(key);
    simdjson::dom::element id;
    if (pair.array().at(1).get(id) != simdjson::SUCCESS) pair.fail(Code::Invalid, "expected [token, id]");
    return static_cast<TokenId>(pair.item(1, id).integer(0, kMaxTokenId));
  };
  const TokenId sep = special("sep"), cls = special("cls");
  const TokenId second = roberta ? 0 : 1;
  const Part begin{.ids = {cls}}, a{.sequence = 0}, end{.ids = {sep}};
  templates_[0] = {begin, a, end};
  templates_[1] = {begin, a, end};
  if (roberta) templates_[1].push_back(end);
  templates_[1].push_back({.sequence = 1, .type_id = second});
  templates_[1].push_back({.type_id = second, .ids = {sep}});
}

size_t PostProcessor::added(bool pair) const {
  size_t n = 0;
  for (const Part& part : templates_[pair]) n += part.ids.size();
  return n;
}

Encoding PostProcessor::assemble(std::span<const std::vector<TokenId>> texts, bool add_special_tokens) const {
  Encoding out;
  for (const Part& part : templates_[texts.size() > 1]) {
    if (part.sequence < 0 && !add_special_tokens) continue;
    const auto& ids = part.sequence < 0 ? part.ids : texts[static_cast<size_t>(part.sequence)];
    out.ids.insert(out.ids.end(), ids.begin(), ids.end());
    out.type_ids.resize(out.ids.size(), part.type_id);
  }
  return out;
}

}  // namespace hanok::text::tokenizers
