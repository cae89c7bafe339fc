// Conversations that are kept: one file each in the data directory, chats/NAME.json.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/file.h"
#include "hanok/chat.h"

namespace hanok::app {

class ChatSession {
 public:
  /// Throws Invalid for what can be no name, Unavailable where another process has the session open.
  ChatSession(const std::filesystem::path& data, const std::string& name);

  const std::string& name() const { return name_; }
  const std::filesystem::path& file() const { return file_; }
  bool exists() const;
  chain::Conversation load() const;
  /// Replaces the file as a whole.
  void save(const chain::Conversation& talk) const;

  struct Kept {
    std::string name;
    size_t messages = 0;
    uint64_t bytes = 0;
  };
  /// By name. What cannot be read has no messages.
  static std::vector<Kept> list(const std::filesystem::path& data);

 private:
  std::string name_;
  std::filesystem::path file_;
  std::unique_ptr<base::FileLock> lock_;
};

}  // namespace hanok::app
