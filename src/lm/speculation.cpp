#include "lm/speculation.h"

#include <algorithm>

namespace hanok::lm {

uint64_t PromptLookup::key(std::span<const int32_t> words) {
  uint64_t out = 0;
  for (const int32_t id : words) out = out * 0x9E3779B97F4A7C15u + static_cast<uint32_t>(id) + 1;
  return out;
}

std::vector<int32_t> PromptLookup::guess(std::span<const int32_t> ids, size_t most) {
  if (ids.size() <= kWords || most == 0) return {};
  // Of every place but the end, where nothing follows yet.
  for (size_t at = std::max(known_, kWords); at < ids.size(); ++at) {
    auto& places = behind_[key(ids.subspan(at - kWords, kWords))];
    if (places.size() == kPlaces) places.erase(places.begin());
    places.push_back(static_cast<uint32_t>(at));
  }
  known_ = ids.size();
  const auto found = behind_.find(key(ids.last(kWords)));
  if (found == behind_.end()) return {};
  // The place where most of what stands before is the same; of several the last.
  size_t best = 0, longest = 0;
  for (const uint32_t at : found->second) {
    constexpr size_t kFar = 32;
    size_t n = 0;
    while (n < kFar && n < at && ids[at - 1 - n] == ids[ids.size() - 1 - n]) ++n;
    if (n >= kWords && n >= longest) longest = n, best = at;
  }
  if (longest == 0) return {};
  const auto follows = ids.subspan(best, std::min(most, ids.size() - best));
  return {follows.begin(), follows.end()};
}

std::vector<int32_t> Draft::guess(std::span<const int32_t> ids, size_t most) {
  most = ids.size() + most > context_ ? 0 : most;
  if (most == 0) return {};
  // At least the last token is read anew: its scores are wanted.
  const size_t same = std::min(common_prefix(read_, ids), ids.size() - 1);
  sequence_.truncate(same);
  read_.assign(ids.begin(), ids.end());
  std::vector<int32_t> out;
  std::span<const int32_t> next = ids.subspan(same);
  while (true) {
    sequence_.read(next, 1, scores_.data());
    const auto id = static_cast<int32_t>(std::max_element(scores_.begin(), scores_.end()) - scores_.begin());
    if (static_cast<size_t>(id) >= vocabulary_) return out;
    out.push_back(id);
    if (out.size() == most) return out;
    read_.push_back(id);
    next = std::span<const int32_t>(read_).last(1);
  }
}

namespace {

// Of some of the last values.
void mean(double& to, double value) { to = to == 0 ? value : to + 0.3 * (value - to); }

}  // namespace

size_t Pace::allowed() {
  if (plain_ == 0) return 0;  // what a step costs is not known yet
  if (pause_ == 0) return length_;
  --pause_;
  return 0;
}

void Pace::plain(double seconds) { mean(plain_, seconds); }

void Pace::tried(size_t guessed, size_t right, double seconds) {
  mean(tokens_, static_cast<double>(right + 1));
  mean(seconds_, seconds);
  ++tries_;
  if (right == guessed) length_ = std::min(2 * length_, kMostGuesses);
  if (2 * right < guessed) length_ = std::max<size_t>(length_ / 2, 2);
  if (tries_ < judged_after_) return;
  if (tokens_ * plain_ > seconds_) {
    next_pause_ = kFirstPause;
    judged_after_ = kLeastTries;
    return;
  }
  length_ = 2;
  judged_after_ = 1;
  pause_ = next_pause_;
  next_pause_ = std::min(2 * next_pause_, kLongestPause);
  tries_ = 0;
  tokens_ = seconds_ = 0;
}

std::vector<int32_t> Speculation::guess(const Writing& text) {
  constexpr size_t kMostTexts = 2;  // beside more of them a step has tokens enough
  watch_ = base::Stopwatch();
  by_ = nullptr;
  if (text.room() < 2 || batch_.active() > kMostTexts) return {};
  const auto by = [&](Pace& pace, auto& guesser) {
    const size_t n = std::min(pace.allowed(), text.room() - 1);
    auto out = n > 0 ? guesser.guess(text.ids(), n) : std::vector<int32_t>();
    if (!out.empty()) by_ = &pace;
    return out;
  };
  auto out = by(prompt_pace_, prompt_);
  return out.empty() && draft_ ? by(draft_pace_, *draft_) : out;
}

void Speculation::became(size_t guessed, size_t right) {
  if (by_) {
    by_->tried(guessed, right, watch_.seconds());
  } else {
    prompt_pace_.plain(watch_.seconds());
    draft_pace_.plain(watch_.seconds());
  }
  all_ += guessed;
  right_ += right;
}

void Speculation::write(Writing& text, RunningBatch::Sequence& sequence) {
  std::vector<float> scores;
  std::vector<int32_t> next;
  while (!text.done()) {
    const auto guesses = guess(text);
    next.assign({text.ids().back()});
    next.insert(next.end(), guesses.begin(), guesses.end());
    if (sequence.must_reread(next.size())) next.resize(1);  // there every token is turned in another way
    scores.resize(next.size() * vocabulary_);
    sequence.read(next, next.size(), scores.data());
    size_t right = 0;
    for (size_t i = 0; i < next.size(); ++i) {
      text.take(std::span<const float>(scores).subspan(i * vocabulary_, vocabulary_));
      if (text.done() || i + 1 == next.size() || text.ids().back() != next[i + 1]) break;
      ++right;
    }
    if (!guesses.empty()) sequence.truncate(text.ids().size() - 1);
    became(guesses.size(), right);
  }
}

}  // namespace hanok::lm
