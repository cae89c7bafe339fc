#include "index/id_map.h"

#include <gtest/gtest.h>

#include <unordered_map>

#include "base/random.h"

namespace hanok::index {
namespace {

TEST(IdMap, AgreesWithTheStandardMapUnderChurn) {
  base::Random random(3);
  std::vector<Id> ids;
  std::unordered_map<Id, uint32_t> model;
  IdMap map;
  for (int step = 0; step < 20000; ++step) {
    const Id id = static_cast<Id>(random.below(500)) * (1ll << 40) - 7;
    if (random.below(2) == 0 && !model.count(id)) {
      ids.push_back(id);
      map.insert(static_cast<uint32_t>(ids.size() - 1), ids);
      model[id] = static_cast<uint32_t>(ids.size() - 1);
    } else {
      EXPECT_EQ(map.erase(id, ids), model.erase(id) == 1);
    }
    ASSERT_EQ(map.size(), model.size());
    const auto it = model.find(id);
    ASSERT_EQ(map.find(id, ids), it == model.end() ? IdMap::kNone : it->second);
  }
  for (const auto& [id, slot] : model) EXPECT_EQ(map.find(id, ids), slot);
}

}  // namespace
}  // namespace hanok::index
