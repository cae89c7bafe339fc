// A language model with random weights and a vocabulary of bytes, for tests and examples where no real one is at hand.
#pragma once

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <string>

#include "base/file.h"
#include "base/random.h"

namespace hanok::lm {

namespace tiny {

constexpr int32_t kWidth = 32, kInner = 48, kLayers = 2, kHeads = 4, kKvHeads = 2, kVocabulary = 288;

template <typename T>
void put(std::string& to, T value) {
  char bytes[sizeof value];
  std::memcpy(bytes, &value, sizeof value);
  to.append(bytes, sizeof value);
}

/// An output matrix of its own (the minus): with the embedding in its place a random model repeats its last token.
inline std::string header(int32_t positions) {
  std::string out;
  for (const int32_t n : {kWidth, kInner, kLayers, kHeads, kKvHeads, -kVocabulary, positions}) put(out, n);
  return out;
}

/// Three signs, 256 bytes, a blank, the small letters, a full stop, and `last`.
inline std::string tokens(const std::string& last) {
  std::string out;
  put(out, static_cast<uint32_t>(std::max<size_t>(8, last.size())));
  const auto token = [&](const std::string& text, float score) {
    put(out, score);
    put(out, static_cast<int32_t>(text.size()));
    out += text;
  };
  for (const char* sign : {"<unk>", "\n<s>\n", "\n</s>\n"}) token(sign, 0);
  constexpr char kDigits[] = "0123456789ABCDEF";
  for (int b = 0; b < 256; ++b) token(std::string("<0x") + kDigits[b >> 4] + kDigits[b & 15] + ">", 0);
  token(" ", -1);
  for (int i = 0; i < 26; ++i) token(std::string(1, static_cast<char>('a' + i)), -2.0f - static_cast<float>(i));
  token(".", -40);
  token(last, -41);
  return out;
}

inline std::filesystem::path write(const std::filesystem::path& folder, const std::string& model,
                                   const std::string& tokens) {
  base::write_file_atomic(folder / "tok288.bin", tokens);
  base::write_file_atomic(folder / "tiny.bin", model);
  return folder / "tiny.bin";
}

}  // namespace tiny

/// Writes tiny.bin (llama2.c, two layers of 32) and tok288.bin into `folder`; returns the first. The same seed gives
/// the same model.
inline std::filesystem::path write_tiny_model(const std::filesystem::path& folder, uint64_t seed,
                                              int32_t positions = 512) {
  using namespace tiny;
  std::string model = header(positions);
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
  return tiny::write(folder, model, tokens(","));
}

/// The same files of a model that says `text` to everything, as one token, and ends: its layers do nothing, and the
/// first value of every embedding is 1, of that token's -1.
inline std::filesystem::path write_saying_model(const std::filesystem::path& folder, const std::string& text) {
  using namespace tiny;
  constexpr int32_t kPositions = 2048, kSays = kVocabulary - 1, kEnd = 2;
  std::string model = header(kPositions);
  const auto same = [&](size_t n, float value) {
    for (size_t i = 0; i < n; ++i) put(model, value);
  };
  const size_t d = kWidth, kv = d / kHeads * kKvHeads, f = kInner, l = kLayers;
  for (int32_t id = 0; id < kVocabulary; ++id) {
    put(model, id == kSays ? -1.0f : 1.0f);
    same(d - 1, 0.1f);
  }
  same(l * d, 1);
  same(l * (2 * d * d + 2 * kv * d), 0);
  same(l * d, 1);
  same(l * 3 * f * d, 0);
  same(d, 1);
  same(static_cast<size_t>(kPositions) * (d / kHeads), 0);
  for (int32_t id = 0; id < kVocabulary; ++id) {
    put(model, id == kSays ? 100.0f : id == kEnd ? -100.0f : 0.0f);
    same(d - 1, 0);
  }
  return tiny::write(folder, model, tokens(text));
}

}  // namespace hanok::lm
