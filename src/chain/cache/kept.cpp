#include "chain/cache/kept.h"

#include "base/clock.h"
#include "base/hash.h"
#include "chain/providers/openai.h"

namespace hanok::chain {
namespace {

constexpr int64_t kPauseMs = 60'000;  // after a fault: a journal that another process holds makes each call wait long

}  // namespace

std::string Kept::key(std::string_view asked) const { return prefix_ + base::sha256_hex(asked); }

std::optional<std::string> Kept::get(const std::string& key) const {
  if (paused()) return {};
  try {
    return journal_->get(key);
  } catch (const Error& e) {
    fault(e);
    return {};
  }
}

void Kept::put(std::span<const std::pair<std::string, std::string>> values) const {
  if (values.empty() || paused()) return;
  try {
    journal_->put_many(values);
    if (tidy_.due(values.front().first, values.size())) journal_->keep_newest(prefix_, options_.most);
  } catch (const Error& e) {
    fault(e);
  }
}

bool Kept::paused() const { return base::now_ms() < paused_until_ms_; }

void Kept::fault(const Error& error) const {
  paused_until_ms_ = base::now_ms() + kPauseMs;
  if (options_.on_fault) options_.on_fault(error);
}

base::OrderedJson asked_of(const std::string& model, std::span<const Message> messages, const ChatOptions& options,
                           const std::string& besides) {
  ChatOptions asked = options;
  if (options.temperature == 0.0f) asked.seed.reset();  // nothing is drawn
  return {chat_request({.model = model, .stream = false}, messages, asked), options.constraint.regex,
          options.constraint.grammar, options.adapter, besides};
}

bool can_be_kept(const ChatOptions& options) {
  const bool same_each_time = (options.temperature && *options.temperature == 0) || options.seed;
  const bool probabilities = options.top_logprobs || options.on_logprob;  // which are not kept
  return same_each_time && !probabilities;
}

}  // namespace hanok::chain
