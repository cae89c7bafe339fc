// API keys: who may do what. At rest there are only their SHA-256 hashes; a key has 256 random bits, so that no slower
// hash is needed to keep it from being guessed.
//
//   {"keys": [{"name": "app", "sha256": "...", "scope": "read", "collections": {"notes": "write"}, "created_ms": 1}]}
//
// Without "collections" the scope holds everywhere; with them it is what each of them says, and nothing elsewhere.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/http/message.h"

namespace hanok::server {

struct Key {
  std::string name, sha256;
  Scope scope = Scope::Read;
  std::map<std::string, Scope> collections = {};
  int64_t created_ms = 0;
};

/// Throws Invalid for a name that is none of "read", "write", "admin".
Scope scope_named(std::string_view name);

/// Not for several threads at once, but for find().
class Keys {
 public:
  /// Of a file; none where it is not there. Throws Corrupt: which file, what was expected.
  static Keys load(const std::filesystem::path& file);
  /// For the owner's eyes alone (mode 600).
  void save(const std::filesystem::path& file) const;

  /// Makes a key and returns it: nobody can read it anywhere again. Exists where the name is taken.
  std::string add(std::string name, Scope scope, std::map<std::string, Scope> collections = {});
  /// One that somebody chose (--api-key), with every right. Invalid where it is shorter than 8 characters.
  void add_chosen(std::string name, std::string_view key);
  bool remove(std::string_view name);
  const std::vector<Key>& list() const { return keys_; }
  bool empty() const { return keys_.empty(); }

  std::optional<Access> find(std::string_view key) const;

 private:
  std::vector<Key> keys_;
};

/// The key that a request brings: Authorization (Bearer, or the password of Basic), Api-Key, X-Api-Key, X-Chroma-Token.
std::string presented_key(const Request& request);

}  // namespace hanok::server
