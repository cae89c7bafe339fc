// Constrained decoding of one text: the sampler draws among what the grammar allows, and so that the text can still be
// completed within the tokens that are left.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "hanok/generate.h"
#include "lm/grammar/matcher.h"
#include "lm/sampler.h"

namespace hanok::lm::grammar {

class Guide {
 public:
  /// `end_ids`: tokens that end a text, ascending.
  Guide(std::shared_ptr<Engine> engine, std::span<const int32_t> end_ids);
  /// The next token, one of end_ids where the text ends; nothing where it is complete and no token is needed to say so.
  /// tokens_left: how many may still come, this one among them. Throws Invalid where the vocabulary has no token for
  /// what the grammar demands.
  std::optional<int32_t> next(Sampler& sampler, std::span<const float> logits, std::span<const int32_t> history,
                              size_t tokens_left);
  /// Whether what has been written satisfies the grammar.
  bool complete() { return matcher_.may_end(); }

 private:
  bool ends(int32_t id) const;
  Matcher matcher_;
  std::span<const int32_t> end_ids_;
  std::vector<uint64_t> allowed_;
};

/// The engines of one model: a constraint is compiled once. Safe to call from several threads.
class Engines {
 public:
  /// Nothing for an empty constraint. Throws Invalid where several kinds are given, and as the kinds' readers do.
  std::shared_ptr<Engine> get(const Constraint& constraint, const text::Tokenizer& tokenizer, size_t vocabulary);

 private:
  static constexpr size_t kKept = 8;
  std::mutex mutex_;
  std::shared_ptr<const Vocabulary> vocabulary_;
  std::vector<std::pair<std::string, std::shared_ptr<Engine>>> kept_;  // the last used at the end
};

Rules constraint_rules(const Constraint& constraint);

}  // namespace hanok::lm::grammar
