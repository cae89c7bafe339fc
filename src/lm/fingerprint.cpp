#include "lm/fingerprint.h"

#include <algorithm>

#include "base/hash.h"

namespace hanok::lm {
namespace {

constexpr int kVersion = 1;      // raised when hanok itself computes other numbers from the same files
constexpr int kInt8Version = 1;  // raised when products in eight bits give other numbers
constexpr size_t kWholeFile = 1 << 20, kFileBlocks = 64, kFileBlock = 4096, kTensorBlocks = 4, kTensorBlock = 64;

void add(base::Sha256& hash, std::string_view field) {  // with its length, so that fields cannot run together
  hash.update(std::to_string(field.size()) + ":");
  hash.update(field);
}

// `blocks` pieces of `size` bytes, the first at the start and the last at the end.
void sample(base::Sha256& hash, std::string_view bytes, size_t blocks, size_t size) {
  hash.update(std::to_string(bytes.size()) + ";");
  if (bytes.size() <= blocks * size) return hash.update(bytes);
  for (size_t b = 0; b < blocks; ++b) hash.update(bytes.substr((bytes.size() - size) * b / (blocks - 1), size));
}

void add_weights(base::Sha256& hash, const nn::Weights& weights) {
  for (const auto& [name, tensor] : weights.tensors()) {
    add(hash, name + " " + describe(tensor));
    sample(hash, {reinterpret_cast<const char*>(tensor.bytes.data()), tensor.bytes.size()}, kTensorBlocks,
           kTensorBlock);
  }
}

}  // namespace

std::string fingerprint(const SentenceModel& model, const nn::Weights& weights, const nn::Weights* dense,
                        size_t n_dense, size_t max_tokens, size_t dim) {
  base::Sha256 hash;
  add(hash, "hanok embedding " + std::to_string(kVersion));
  add(hash, base::dump_json(model.encoder.json()));
  const base::MappedFile tokenizer(model.encoder_folder / "tokenizer.json");
  if (tokenizer.size() <= kWholeFile)
    add(hash, tokenizer.view());
  else
    sample(hash, tokenizer.view(), kFileBlocks, kFileBlock);
  for (const Pool kind : model.pooling.kinds) add(hash, name(kind));
  add(hash, model.pooling.include_prompt ? "with prompt" : "without prompt");
  for (const DenseModule& d : model.dense)
    add(hash, std::to_string(d.out) + " " + std::to_string(static_cast<int>(d.activation)));
  add(hash, model.normalize ? "normalised" : "plain");
  add(hash, std::to_string(max_tokens) + " tokens, " + std::to_string(dim) + " values");
  for (const std::string& prompt : {model.default_prompt, model.query_prompt(), model.passage_prompt()})
    add(hash, prompt);
  add_weights(hash, weights);
  for (size_t i = 0; i < n_dense; ++i) add_weights(hash, dense[i]);
  return hash.hex();
}

std::string fingerprint_in(Precision precision, const std::string& in_float32) {
  if (precision == Precision::Float32) return in_float32;
  base::Sha256 hash;
  add(hash, in_float32);
  add(hash, precision_name(precision));
  add(hash, std::to_string(kInt8Version));
  return hash.hex();
}

}  // namespace hanok::lm
