// The second door of room `lm`: language models that continue text and answer chats, in this process.
//
//   hanok::LanguageModel model("SmolLM2-135M-Instruct.Q4_1.gguf");
//   const hanok::Turn turns[] = {{"user", "Name three rivers."}};
//   const auto answer = model.generate(model.chat_prompt(turns), {.max_tokens = 64}, [](std::string_view piece) {
//     std::cout << piece << std::flush;
//     return true;
//   });
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hanok/lm.h"

namespace hanok {

/// Repetition penalty (Keskar et al. 2019), and OpenAI's: logit - frequency * count - presence * (count > 0), over the
/// last last_n tokens (0: none, -1: all).
struct Penalties {
  float repeat = 1, frequency = 0, presence = 0;
  int last_n = 64;
};

/// "Don't repeat yourself": a token that would lengthen a repetition of `n` tokens loses multiplier * base^(n -
/// allowed).
struct Dry {
  float multiplier = 0, base = 1.75f;
  int allowed_length = 2, last_n = -1;
  std::vector<int32_t> breakers;  // tokens that no repetition reaches over
};

/// How the next token is drawn: bias, penalties, top-n-sigma, top-k, typical, top-p, min-p, temperature, in this order.
struct Sampling {
  float temperature = 0.8f;  // 0: always the most likely token (the lowest id on a tie)
  int top_k = 40;            // 0: all
  float top_p = 0.95f;       // 1: all (Holtzman et al. 2020)
  float min_p = 0.05f;       // 0: all (Nguyen et al. 2024)
  float typical = 1;         // 1: all (Meister et al. 2022)
  float top_n_sigma = 0;     // 0: all (Tang et al. 2024)
  Penalties penalties;
  Dry dry;
  std::vector<std::pair<int32_t, float>> logit_bias;  // -100 and less: never
  uint64_t seed = 0;                                  // the same seed and prompt give the same text
};

/// What a text must satisfy, whole; at most one is given. It is compiled once a model and costs some microseconds a
/// token. What cannot be kept to (an unknown keyword, left recursion, ...) is Unsupported, Invalid or Exhausted, never
/// ignored.
struct Constraint {
  std::string json_schema;  // the text is JSON that satisfies it (draft 2020-12)
  std::string regex;        // the text matches it from end to end
  std::string grammar;      // GBNF, whose first rule is `root`
};

/// A token as the model finds it: `logprob` is the natural logarithm of its probability, before bias, penalties,
/// constraints and temperature. `bytes`: what it adds to the text, perhaps a part of a character; of a special token
/// its name.
struct LikelyToken {
  int32_t id = -1;  // -1: a server did not say
  std::string bytes = {};
  double logprob = 0;
};
/// What came, and what might have: the likeliest first.
struct TokenLogprob {
  LikelyToken chosen;
  std::vector<LikelyToken> top;
};

struct GenerateOptions {
  size_t max_tokens = 256;
  Sampling sampling;
  std::vector<std::string> stop;  // the text ends before the first of these, wherever tokens are cut
  std::string adapter;            // one of LanguageModelOptions::adapters; empty: the base model
  bool keep_special = false;      // special tokens are written out, such as those that open a tool call
  bool ignore_end = false;        // write on behind an end-of-text token: for measuring
  bool speculate = true;          // guess what comes, where that saves time; the text is the same with and without
  /// Tokens are chosen so that the text is complete within max_tokens, if its shortest completion has no more bytes.
  Constraint constraint;
  /// Set: Generated::logprobs are told, with so many of the likeliest tokens for each (0: none, but the chosen one).
  std::optional<size_t> top_logprobs = {};
  std::function<void(const TokenLogprob&)> on_logprob = {};  // each as it comes, before the text it belongs to
};

/// Why a text ended: at an end-of-text token or a stop string; at max_tokens; at the end of the context; by the caller.
enum class Finish { Stop, Length, Context, Cancelled };

struct Generated {
  std::string text;
  std::vector<int32_t> ids;  // without the end-of-text token
  Finish finish = Finish::Stop;
  size_t prompt_tokens = 0, cached_tokens = 0;  // cached: of the prompt, read before and not again
  double prompt_seconds = 0, seconds = 0;       // reading the prompt; writing the tokens
  size_t guessed = 0, guessed_right = 0;        // tokens; the right ones were written without a step of their own
  std::vector<TokenLogprob> logprobs = {};      // of ids, where GenerateOptions asks for them
};

/// A function that a model asks for. `arguments`: a JSON object, as text.
struct ToolCall {
  std::string id, name, arguments;
  bool operator==(const ToolCall&) const = default;
};

/// One message of a chat; role is "system", "user", "assistant" or "tool" (the result of a call).
struct Turn {
  std::string role, content;
  std::vector<ToolCall> tool_calls = {};
  std::string tool_call_id = {};
};

/// Mean negative log-likelihood, in nats a token.
struct Perplexity {
  size_t predicted = 0;
  double nll = 0;
  double perplexity() const;
};

/// What keys and values of past tokens are kept as: Q8 takes half the memory (eight bits, a scale for each 32).
enum class KvPrecision { F16, Bf16, Q8 };

struct LanguageModelOptions {
  size_t context_tokens = 0;  // of one conversation; 0: what the model was trained for, at most 8,192
  size_t cache_tokens = 0;    // kept for all conversations together; 0: twice context_tokens
  KvPrecision kv = KvPrecision::F16;
  bool exact = false;         // float32 throughout: activations are not rounded to 8 bits where they meet quantised
                              // weights, keys and values are not kept in half precision; slower and larger
  std::string chat_template;  // in place of the model's own
  /// LoRA adapters in PEFT's format (folders with adapter_config.json) under the names that requests choose them by;
  /// requests with different ones go in one batch.
  std::vector<std::pair<std::string, std::filesystem::path>> adapters;
  /// A smaller model with the same tokens, which guesses what this one writes (GenerateOptions::speculate). Throws
  /// Invalid where its tokens are others.
  std::filesystem::path draft;
};

/// A model out of a GGUF file or a Hugging Face folder. Safe to call from several threads. What a conversation gets
/// does not depend on what runs beside it, to the last bit.
class LanguageModel {
 public:
  /// Throws NotFound, Unsupported (architecture, tensor type, tokenizer), Corrupt (also where an adapter's keys are not
  /// those of this model), Exhausted where memory does not do (with what is needed and what is free).
  explicit LanguageModel(const std::filesystem::path& file_or_folder, const LanguageModelOptions& options = {});
  ~LanguageModel();
  LanguageModel(LanguageModel&&) noexcept;
  LanguageModel& operator=(LanguageModel&&) noexcept;

  const std::string& name() const;
  const std::string& architecture() const;  // "llama", "qwen3", ...
  size_t context_tokens() const;
  size_t vocabulary() const;
  size_t parameters() const;

  /// Token ids; `special`: with what the model puts before a text (a begin-of-text token). Special tokens that are
  /// written in the text are recognised.
  std::vector<int32_t> encode(std::string_view text, bool special = true) const;
  std::string decode(std::span<const int32_t> ids, bool skip_special = true) const;
  size_t count_tokens(std::string_view text) const;
  /// The text of one token, as it stands in the vocabulary.
  std::string token(int32_t id) const;

  /// Whether the model brings a chat template (or one was given).
  bool has_chat_template() const;
  /// Its source; empty where there is none.
  const std::string& chat_template() const;
  /// The conversation as the model was trained to see it, and the beginning of its answer. Throws Unsupported without a
  /// template, Invalid with the template's own words where it refuses the turns.
  /// tools: a JSON list of functions as OpenAI's API has them, or empty. begun: how the answer is to begin.
  std::vector<int32_t> chat_prompt(std::span<const Turn> turns, std::string_view tools = {},
                                   std::string_view begun = {}) const;
  std::string chat_text(std::span<const Turn> turns, std::string_view tools = {}) const;

  /// Continues `prompt`. on_piece gets the text as it comes, whole UTF-8 characters, never a part of a stop string;
  /// false from it ends. Throws Exhausted when the prompt does not fit the context (with both counts), Invalid for ids
  /// outside the vocabulary or settings out of range, Cancelled within a token when the current Context ends.
  Generated generate(std::span<const int32_t> prompt, const GenerateOptions& options = {},
                     const std::function<bool(std::string_view)>& on_piece = {}) const;
  /// Several at once, on this thread: each step reads the weights once for all. The texts are those that each would get
  /// alone. So are those of calls from several threads, which are joined in the same steps.
  std::vector<Generated> generate_all(std::span<const std::vector<int32_t>> prompts,
                                      std::span<const GenerateOptions> options) const;

  /// Scores of the next token behind each of the last `last` of `ids` (0: all), [last, vocabulary()].
  Matrix logits(std::span<const int32_t> ids, size_t last = 0, const std::string& adapter = "") const;
  /// Chunks of `context` tokens from an empty cache, begin-of-text in front of each where the model has one (and then
  /// context - 1 tokens of the text); every token of a chunk that has one before it is predicted.
  Perplexity perplexity(std::span<const int32_t> ids, size_t context = 512) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace hanok
