// Making passages of several languages comparable: a model gives every passage in the question's own language a higher
// cosine, whatever it says. docs/how-search-works.md, "Across languages".
#pragma once

#include <array>
#include <span>
#include <vector>

#include "hanok/chain.h"
#include "hanok/text.h"

namespace hanok::chain {

/// For one question and one collection. Where all passages with a vector are in the question's script, or the model
/// knows no other one, it is inactive and cosines stay what they are.
class Languages {
 public:
  Languages() = default;
  /// query: [dim], the question's vector.
  Languages(const store::Snapshot& snapshot, const EmbeddingModel& model, std::string_view question,
            std::span<const float> query);

  bool active() const { return !scripts_.empty(); }
  /// What to search by.
  std::span<const float> query() const { return query_; }
  /// The scripts of the passages; each has its own best ones.
  std::span<const text::Script> scripts() const { return scripts_; }
  /// From the cosine of a passage in `script` with query() to a number that compares with those of other scripts. On
  /// the scale of cosines: in the question's own script it is the cosine with the question, but for what the passage
  /// has in common with every question.
  double comparable(double cosine, text::Script script) const {
    return cosine * length_ + lift_[static_cast<size_t>(script)];
  }
  /// What an average passage has, on that scale.
  double level() const { return level_; }
  /// In another language than the question, and one that the model knows.
  bool foreign(text::Script script) const { return active() && foreign_[static_cast<size_t>(script)]; }

 private:
  std::vector<text::Script> scripts_;
  std::vector<float> query_;
  double length_ = 1;  // of query_
  double level_ = 0;
  std::array<double, text::kScripts> lift_{};
  std::array<bool, text::kScripts> foreign_{};
};

}  // namespace hanok::chain
