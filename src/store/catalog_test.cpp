// Where collections of records lie: tenants, databases, namespaces; which of them are open.
#include <chrono>
#include <thread>

#include "store/test_records.h"

namespace hanok::store {
namespace {

TEST_F(RecordsTest, CollectionsLieInTenantsAndDatabases) {
  auto& catalog = store->catalog();
  catalog.create_tenant("acme/%");
  EXPECT_THROW(catalog.create_tenant("acme/%"), Error);
  const Place place{"acme/%", "main"};
  EXPECT_THROW(catalog.create({.name = "c", .place = place}), Error);
  catalog.create_database(place);
  const auto a =
      catalog.create({.name = "c", .place = place, .metric = Metric::L2, .dim = 4, .notes = {{"chroma", "{ }"}}});
  const auto b = catalog.create({.name = "c"});
  EXPECT_THROW(catalog.create({.name = "c"}), Error);
  EXPECT_NE(a->uuid(), b->uuid());
  a->write(WriteMode::Add, {record("x", {1, 2, 3, 4})});
  EXPECT_EQ(catalog.list(place).at(0).name, "c");
  EXPECT_EQ(catalog.list(place).at(0).tenant, "acme/%");
  EXPECT_EQ(catalog.count({}), 1u);
  catalog.rename("c", "d", place);
  EXPECT_EQ(catalog.find("c", place), nullptr);
  EXPECT_EQ(catalog.find("d", place)->uuid(), a->uuid());
  a->write(WriteMode::Add, {record("y", {1, 2, 3, 5})});
  reopen();
  auto& again = store->catalog();
  const auto found = again.find("d", place);
  EXPECT_EQ(found->note("chroma"), "{ }");
  EXPECT_EQ(found->info().metric, Metric::L2);
  EXPECT_EQ(found->read()->count(), 2u);
  std::this_thread::sleep_for(std::chrono::milliseconds(3));
  const auto copy = again.fork("d", place, "e", place);
  found->remove({.ns = "", .ids = {{"x"}}});
  EXPECT_EQ(copy->read()->count(), 2u);
  EXPECT_EQ(copy->info().metric, Metric::L2);
  EXPECT_EQ(copy->note("chroma"), "{ }");
  EXPECT_GT(copy->info().created_ms, found->info().created_ms) << "a copy has a date of its own";
  EXPECT_TRUE(again.drop_database(place));
  EXPECT_EQ(again.find_database(place), std::nullopt);
  EXPECT_EQ(again.find("e", place), nullptr);
  EXPECT_THROW(copy->read(), Error);
  EXPECT_EQ(again.databases("default_tenant").size(), 1u);
  again.reset();
  EXPECT_FALSE(again.has_tenant("acme/%"));
  EXPECT_EQ(store->collections().size(), 0u);
}

TEST_F(RecordsTest, NamespacesAreThereWhileTheyHaveRecordsOrWereMade) {
  auto c = store->catalog().create({.name = "c"});
  EXPECT_EQ(c->read()->find_namespace(""), std::nullopt);
  c->create_namespace("made", "{\"fields\":1}");
  EXPECT_THROW(c->create_namespace("made"), Error);
  Record r = record("x");
  r.ns = "written";
  c->write(WriteMode::Add, {r});
  EXPECT_THROW(c->create_namespace("written"), Error);
  EXPECT_EQ(c->read()->namespaces().size(), 2u);
  EXPECT_EQ(c->read()->namespaces("wr").at(0).records, 1u);
  EXPECT_EQ(c->read()->find_namespace("made")->note, "{\"fields\":1}");
  c->remove({.ns = "written"});
  EXPECT_EQ(c->read()->namespaces().size(), 1u);
  EXPECT_TRUE(c->remove_namespace("made"));
  EXPECT_FALSE(c->remove_namespace("made"));
}

TEST_F(RecordsTest, CollectionsThatNobodyHoldsAreClosedAndOpenedAgain) {
  auto& catalog = store->catalog();
  constexpr int kMany = 300;  // more than are kept open
  const auto held = catalog.create({.name = "held"});
  for (int i = 0; i < kMany; ++i)
    catalog.create({.name = "c" + std::to_string(i)})->write(WriteMode::Add, {record("x", {float(i), 1})});
  held->write(WriteMode::Add, {record("y", {1, 2})});
  EXPECT_EQ(catalog.find("held")->read()->count(), 1u);
  for (int i = 0; i < kMany; i += 50) {
    const auto c = catalog.find("c" + std::to_string(i));
    EXPECT_EQ(c->read()->get({}, {}, {.vector = true}).at(0).vector[0], float(i));
    c->write(WriteMode::Add, {record("z", {1, 1})});
  }
  EXPECT_EQ(store->verify(), std::vector<std::string>());
}

}  // namespace
}  // namespace hanok::store
