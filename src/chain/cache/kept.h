// What is kept of one kind (answers, vectors) in a journal: found by all that it depends on. A cache that cannot be
// read or written is none, and no reason to fail.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "base/json.h"
#include "chain/cache/tidy.h"
#include "hanok/caches.h"

namespace hanok::chain {

/// May be used from several threads.
class Kept {
 public:
  Kept(std::shared_ptr<store::Journal> journal, std::string_view prefix, CacheOptions options)
      : journal_(std::move(journal)), prefix_(prefix), options_(std::move(options)) {}

  /// `asked`: all that a value depends on, in any form.
  std::string key(std::string_view asked) const;
  /// Nothing where it is not there, or cannot be read.
  std::optional<std::string> get(const std::string& key) const;
  void put(std::span<const std::pair<std::string, std::string>> values) const;
  void put(const std::string& key, const std::string& value) const {
    const std::pair<std::string, std::string> one[] = {{key, value}};
    put(one);
  }
  void tell(CacheUse use) const {
    if (options_.on_use) options_.on_use(use);
  }

 private:
  bool paused() const;
  void fault(const Error& error) const;

  std::shared_ptr<store::Journal> journal_;  // shared with other caches
  const std::string prefix_;
  const CacheOptions options_;
  mutable Tidy tidy_;
  mutable std::atomic<int64_t> paused_until_ms_{0};
};

/// All that an answer depends on: what a server would be told, what only a model of this process can do, and `besides`.
base::OrderedJson asked_of(const std::string& model, std::span<const Message> messages, const ChatOptions& options,
                           const std::string& besides);
/// Whether the answer is meant to be the same each time, and is all that is asked for.
bool can_be_kept(const ChatOptions& options);

}  // namespace hanok::chain
