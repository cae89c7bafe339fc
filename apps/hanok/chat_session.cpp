#include "chat_session.h"

#include <algorithm>

#include "hanok/error.h"
#include "hanok/text.h"

namespace hanok::app {

namespace fs = std::filesystem;

namespace {

// Letters of any script, digits and what file names usually have: nothing that leads elsewhere.
void check_name(const std::string& name) {
  constexpr size_t kLongest = 120;  // bytes; file systems allow 255
  const bool plain = std::none_of(name.begin(), name.end(), [](char c) {
    return static_cast<unsigned char>(c) < 32 || c == '/' || c == '\\' || c == 127;
  });
  if (name.empty() || name.size() > kLongest || name[0] == '.' || !plain)
    throw Error(Code::Invalid,
                "session '" + name.substr(0, kLongest) +
                    "': a name of up to 120 bytes without slashes, not beginning with a dot, was expected");
}

}  // namespace

ChatSession::ChatSession(const fs::path& data, const std::string& name) : name_(text::nfc(name)) {
  check_name(name_);
  const fs::path folder = data / "chats";
  fs::create_directories(folder);
  file_ = folder / (name_ + ".json");
  lock_ = std::make_unique<base::FileLock>(folder / (name_ + ".lock"));
}

bool ChatSession::exists() const { return fs::exists(file_); }
chain::Conversation ChatSession::load() const { return chain::Conversation::load(file_); }
void ChatSession::save(const chain::Conversation& talk) const { talk.save(file_); }

std::vector<ChatSession::Kept> ChatSession::list(const fs::path& data) {
  std::vector<Kept> out;
  std::error_code none;
  for (const auto& entry : fs::directory_iterator(data / "chats", none)) {
    if (entry.path().extension() != ".json") continue;
    Kept kept{.name = entry.path().stem().string(), .bytes = entry.file_size(none)};
    try {
      kept.messages = chain::Conversation::load(entry.path()).messages().size();
    } catch (const Error&) {
    }
    out.push_back(std::move(kept));
  }
  std::sort(out.begin(), out.end(), [](const Kept& a, const Kept& b) { return a.name < b.name; });
  return out;
}

}  // namespace hanok::app
