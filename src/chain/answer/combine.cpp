#include "chain/answer/combine.h"

#include "base/threads.h"
#include "hanok/chains.h"
#include "hanok/error.h"

namespace hanok::chain::answer {
namespace {

constexpr size_t kMostRounds = 8;  // each shortens several times: more means that it does not

class Combiner {
 public:
  Combiner(const CombineOptions& options, const std::vector<Hit>& hits) : options_(options) {
    for (size_t i = 0; i < hits.size(); ++i) {
      const std::string block = passage_block(static_cast<int>(i + 1), hits[i]);
      if (const size_t tokens = count(block); tokens > options.budget)
        out_.dropped.push_back("passage " + std::to_string(i + 1) + " (" + hits[i].chunk.path + ", " +
                               std::to_string(tokens) + " tokens): over the budget of " +
                               std::to_string(options.budget) + " tokens");
      else
        blocks_.push_back(block);
    }
    out_.passages = hits.size();
  }

  Prompt map_reduce() {
    std::vector<std::string> blocks = blocks_;
    for (size_t round = 0; round < kMostRounds; ++round) {
      const auto parts = groups(blocks, options_.budget);
      if (parts.size() <= 1) return finish(parts.empty() ? "" : parts[0]);
      std::vector<std::string> answers;
      for (const auto& part : parts) answers.push_back(ask(part) + "\n\n");
      blocks = std::move(answers);
    }
    throw Error(Code::Exhausted, "ask: the answers of " + options_.model.name() +
                                     " from parts of the passages do not get shorter than its context");
  }

  Prompt refine() {
    // Half of the budget is for the answer so far.
    const auto parts = groups(blocks_, std::max<size_t>(1, options_.budget / 2));
    std::string so_far;
    for (size_t i = 0; i + 1 < parts.size(); ++i) so_far = ask(with(so_far, parts[i]));
    return finish(parts.empty() ? "" : with(so_far, parts.back()));
  }

 private:
  size_t count(std::string_view text) const { return options_.model.count_tokens(text); }

  /// Neighbours joined as long as they fit together. What fits nowhere stands alone.
  std::vector<std::string> groups(const std::vector<std::string>& blocks, size_t budget) const {
    std::vector<std::string> out;
    size_t used = 0;
    for (const auto& block : blocks) {
      const size_t tokens = count(block);
      if (out.empty() || used + tokens > budget) out.emplace_back(), used = 0;
      out.back() += block;
      used += tokens;
    }
    return out;
  }

  static std::string with(const std::string& so_far, const std::string& passages) {
    if (so_far.empty()) return passages;
    return std::string(kAnswerSoFar) + so_far + "\n\n" + passages;
  }

  std::string ask(const std::string& passages) const {
    base::check_interrupt();
    const Message message{"user", fill_prompt(options_.pattern, options_.question, passages)};
    return traced_chat(options_.model, std::span(&message, 1), {.temperature = 0.0f}).text();
  }

  Prompt finish(const std::string& passages) {
    out_.text = fill_prompt(options_.pattern, options_.question, passages);
    return std::move(out_);
  }

  const CombineOptions& options_;
  std::vector<std::string> blocks_;
  Prompt out_;
};

}  // namespace

Prompt combine(Combine kind, const CombineOptions& options, const std::vector<Hit>& hits) {
  Combiner combiner(options, hits);
  return kind == Combine::Refine ? combiner.refine() : combiner.map_reduce();
}

}  // namespace hanok::chain::answer
