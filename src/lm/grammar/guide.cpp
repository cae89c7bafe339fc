#include "lm/grammar/guide.h"

#include <algorithm>

#include "hanok/error.h"
#include "lm/grammar/gbnf.h"
#include "lm/grammar/json_schema.h"
#include "lm/grammar/regex.h"

namespace hanok::lm::grammar {
namespace {

constexpr int kTries = 16;  // draws that are thrown away for want of room before all tokens are looked at

}  // namespace

Guide::Guide(std::shared_ptr<Engine> engine, std::span<const int32_t> end_ids)
    : matcher_(std::move(engine)), end_ids_(end_ids) {}

bool Guide::ends(int32_t id) const { return std::binary_search(end_ids_.begin(), end_ids_.end(), id); }

std::optional<int32_t> Guide::next(Sampler& sampler, std::span<const float> logits, std::span<const int32_t> history,
                                   size_t tokens_left) {
  if (matcher_.must_end()) return std::nullopt;
  const auto mask = matcher_.mask();
  allowed_.assign(mask.begin(), mask.end());
  const bool may_end = matcher_.may_end();
  if (may_end)
    for (const int32_t id : end_ids_)
      if (static_cast<size_t>(id) < logits.size())
        allowed_[static_cast<size_t>(id) / 64] |= uint64_t{1} << (static_cast<size_t>(id) % 64);
  const auto none = [&] { return std::all_of(allowed_.begin(), allowed_.end(), [](uint64_t w) { return w == 0; }); };
  if (none()) {
    if (may_end) return std::nullopt;
    throw Error(Code::Invalid, "grammar: the model has no token for what must come next");
  }
  // A byte needs at most a token where the vocabulary has all bytes, so what can be completed now still can be behind a
  // token that leaves as many tokens as bytes are missing.
  const bool bounded = matcher_.bytes_to_end() <= tokens_left;
  const auto fits = [&](int32_t id) {
    return ends(id) || matcher_.bytes_to_end(id).value_or(UINT64_MAX) < tokens_left;
  };
  const auto refuse = [&](int32_t id) {
    allowed_[static_cast<size_t>(id) / 64] &= ~(uint64_t{1} << (static_cast<size_t>(id) % 64));
  };
  for (int i = 0;; ++i) {
    if (bounded && i == kTries)
      for (size_t id = 0; id < logits.size(); ++id)
        if ((allowed_[id / 64] >> (id % 64) & 1) && !fits(static_cast<int32_t>(id))) refuse(static_cast<int32_t>(id));
    if (none()) {
      if (may_end) return std::nullopt;
      allowed_.assign(mask.begin(), mask.end());  // the vocabulary lacks a byte: as far as it goes
      const int32_t id = sampler.next(logits, history, allowed_);
      matcher_.accept(id);
      return id;
    }
    const int32_t id = sampler.next(logits, history, allowed_);
    if (bounded && !fits(id)) {
      refuse(id);
      continue;
    }
    if (!ends(id)) matcher_.accept(id);
    return id;
  }
}

Rules constraint_rules(const Constraint& c) {
  if (!c.json_schema.empty()) return schema_rules(c.json_schema);
  if (!c.grammar.empty()) return parse_gbnf(c.grammar);
  Rules rules;
  rules.root = rules.add("regex");
  rules.expression(rules.root, Automaton::kFirst, Automaton::kLast, *parse_regex(c.regex));
  return rules;
}

std::shared_ptr<Engine> Engines::get(const Constraint& c, const text::Tokenizer& tokenizer, size_t vocabulary) {
  const int kinds = !c.json_schema.empty() + !c.regex.empty() + !c.grammar.empty();
  if (kinds == 0) return nullptr;
  if (kinds > 1)
    throw Error(Code::Invalid,
                "a text is bound by one of a JSON schema, a regular expression and a grammar, not by several");
  const std::string key = c.json_schema + '\0' + c.regex + '\0' + c.grammar;
  std::lock_guard lock(mutex_);
  const auto at = std::find_if(kept_.begin(), kept_.end(), [&](const auto& k) { return k.first == key; });
  if (at != kept_.end()) {
    std::rotate(at, at + 1, kept_.end());
    return kept_.back().second;
  }
  if (!vocabulary_) vocabulary_ = std::make_shared<const Vocabulary>(Vocabulary::of(tokenizer, vocabulary));
  auto engine = std::make_shared<Engine>(constraint_rules(c), vocabulary_);
  if (kept_.size() == kKept) kept_.erase(kept_.begin());
  kept_.emplace_back(key, engine);
  return engine;
}

}  // namespace hanok::lm::grammar
