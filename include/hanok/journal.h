// The third door of room `store`: small things kept by name beside the collections, such as the turns of
// conversations and answers that were given before.
//
//   const auto journal = hanok::store::Journal::open(folder);
//   journal->append("talk", {{"hello", "good evening"}});
//   for (const auto& item : journal->items("talk")) ...
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hanok/error.h"

namespace hanok::store {

/// Lists that grow at their end, and values by key, in DIR/journal.db (docs/formats/journal.md). Several processes and
/// threads may read and write at once; each call is one transaction, and when it returns the data survives power loss.
class Journal {
 public:
  /// Makes the file where it is missing. Throws Unavailable, Corrupt, Unsupported (of a newer hanok).
  static std::shared_ptr<Journal> open(const std::filesystem::path& folder);
  virtual ~Journal() = default;

  struct Item {
    uint64_t number = 0;  // 0, 1, 2, ... within its list
    std::string value;
  };
  struct List {
    std::string name;
    uint64_t items = 0;
    int64_t changed_ms = 0;
  };
  /// All or none; returns the number of the first.
  virtual uint64_t append(std::string_view list, std::span<const std::string> items) = 0;
  uint64_t append(std::string_view list, std::initializer_list<std::string> items) {
    return append(list, std::span<const std::string>(items.begin(), items.size()));
  }
  /// Those numbered `from` and higher, in order, at most `most`; none for a list that is not there.
  virtual std::vector<Item> items(std::string_view list, uint64_t from = 0, size_t most = SIZE_MAX) const = 0;
  /// The last `most`, in order.
  virtual std::vector<Item> last(std::string_view list, size_t most) const = 0;
  virtual uint64_t size(std::string_view list) const = 0;
  /// With all of its items, and every value whose key is its name or begins with it and "/".
  virtual bool drop(std::string_view list) = 0;
  /// Whose name begins with `prefix`, by name.
  virtual std::vector<List> lists(std::string_view prefix = "") const = 0;

  virtual std::optional<std::string> get(std::string_view key) const = 0;
  virtual void put(std::string_view key, std::string_view value) = 0;
  /// Several in one transaction: pairs of a key and its value.
  virtual void put_many(std::span<const std::pair<std::string, std::string>> values) = 0;
  /// Only where the value is `expected` (nothing: there is none); false, and nothing has changed, where it is not.
  virtual bool put_if(std::string_view key, const std::optional<std::string>& expected, std::string_view value) = 0;
  virtual bool erase(std::string_view key) = 0;
  /// The least recently written of the keys with this prefix go until `most` are left; returns how many went.
  virtual size_t keep_newest(std::string_view prefix, size_t most) = 0;
  struct Usage {
    uint64_t values = 0, bytes = 0;  // bytes of keys and values
  };
  /// Of the keys with this prefix.
  virtual Usage usage(std::string_view prefix) const = 0;
};

}  // namespace hanok::store
