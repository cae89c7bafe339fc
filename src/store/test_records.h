// Small records for tests of this room.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/file.h"
#include "hanok/records.h"
#include "hanok/store.h"

namespace hanok::store {

inline Record record(std::string id, std::vector<float> vector = {}, Json metadata = Json::object(),
                     std::optional<std::string> document = {}) {
  Record out;
  out.id = std::move(id);
  out.document = std::move(document);
  out.metadata = std::move(metadata);
  out.vector = std::move(vector);
  return out;
}

inline std::vector<std::string> ids(const RecordSnapshot& now, const Selection& among = {}) {
  std::vector<std::string> out;
  for (const auto& r : now.get(among)) out.push_back(r.id);
  return out;
}

inline void expect_same(const std::vector<Record>& found, const std::vector<Record>& expected) {
  ASSERT_EQ(found.size(), expected.size());
  for (size_t i = 0; i < found.size(); ++i) {
    const Record &a = found[i], &b = expected[i];
    ASSERT_EQ(a.ns + "/" + a.id, b.ns + "/" + b.id) << i;
    ASSERT_EQ(a.document, b.document) << a.id;
    ASSERT_EQ(a.uri, b.uri) << a.id;
    ASSERT_EQ(a.metadata.dump(), b.metadata.dump()) << a.id;
    ASSERT_EQ(a.vector, b.vector) << a.id;
    ASSERT_EQ(a.sparse, b.sparse) << a.id;
  }
}

struct RecordsTest : testing::Test {
  base::TempFolder folder;
  std::unique_ptr<Store> store = Store::open(folder.path());
  void reopen() {
    store.reset();
    store = Store::open(folder.path());
  }
};

}  // namespace hanok::store
