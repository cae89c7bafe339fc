// A language model with random weights and a vocabulary of bytes, for tests and examples where no real one is at hand.
#pragma once

#include <cstring>
#include <filesystem>
#include <string>

#include "base/file.h"
#include "base/random.h"

namespace hanok::lm {

/// Writes tiny.bin (llama2.c, two layers of 32) and tok288.bin into `folder`; returns the first. The same seed gives
/// the same model.
inline std::filesystem::path write_tiny_model(const std::filesystem::path& folder, uint64_t seed,
                                              int32_t positions = 512) {
  constexpr int32_t kWidth = 32, kInner = 48, kLayers = 2, kHeads = 4, kKvHeads = 2, kVocabulary = 288;
  std::string model, tokens;
  const auto put = [](std::string& to, auto value) {
    char bytes[sizeof value];
    std::memcpy(bytes, &value, sizeof value);
    to.append(bytes, sizeof value);
  };
  // An output matrix of its own (the minus): with the embedding in its place a random model repeats its last token.
  for (const int32_t n : {kWidth, kInner, kLayers, kHeads, kKvHeads, -kVocabulary, positions}) put(model, n);
  base::Random random(seed);
  const auto values = [&](size_t n, float scale, float middle = 0) {
    for (size_t i = 0; i < n; ++i) put(model, middle + scale * (2 * static_cast<float>(random.uniform()) - 1));
  };
  const size_t d = kWidth, kv = d / kHeads * kKvHeads, f = kInner, l = kLayers;
  values(kVocabulary * d, 1);
  values(l * d, 0.1f, 1);
  values(l * (2 * d * d + 2 * kv * d), 0.2f);
  values(l * d, 0.1f, 1);
  values(l * 3 * f * d, 0.2f);
  values(d, 0.1f, 1);
  values(static_cast<size_t>(positions) * (d / kHeads), 0);
  values(kVocabulary * d, 1);

  put(tokens, uint32_t{8});
  const auto token = [&](const std::string& text, float score) {
    put(tokens, score);
    put(tokens, static_cast<int32_t>(text.size()));
    tokens += text;
  };
  for (const char* sign : {"<unk>", "\n<s>\n", "\n</s>\n"}) token(sign, 0);
  constexpr char kDigits[] = "0123456789ABCDEF";
  for (int b = 0; b < 256; ++b) token(std::string("<0x") + kDigits[b >> 4] + kDigits[b & 15] + ">", 0);
  token(" ", -1);
  for (int i = 0; i < 26; ++i) token(std::string(1, static_cast<char>('a' + i)), -2.0f - static_cast<float>(i));
  for (const char* piece : {".", ","}) token(piece, -40);
  base::write_file_atomic(folder / "tok288.bin", tokens);
  base::write_file_atomic(folder / "tiny.bin", model);
  return folder / "tiny.bin";
}

}  // namespace hanok::lm
