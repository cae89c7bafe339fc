// A folder as Chroma leaves it, made here byte by byte, and what is read from it.
#include "hanok/chroma_folder.h"

#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <fstream>

#include "base/file.h"
#include "store/chroma/pickle.h"
#include "store/database.h"

namespace hanok::store {
namespace {

namespace fs = std::filesystem;

constexpr size_t kDim = 3;
constexpr const char* kSchema =
    R"({"keys":{"#embedding":{"float_list":{"vector_index":{"config":{"space":"cosine"}}}}},"z":1,"a":2})";

template <class T>
void put(std::string& out, T value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

void write(const fs::path& file, const std::string& bytes) { std::ofstream(file, std::ios::binary) << bytes; }

// id_to_label as its own writer pickles it: protocol 3, no memo.
std::string pickle(const std::vector<std::string>& ids) {
  std::string out = "\x80\x03}(";
  const auto text = [&](const std::string& s) {
    out += 'X';
    put(out, static_cast<uint32_t>(s.size()));
    out += s;
  };
  text("dimensionality"), out += 'N';
  text("id_to_label"), out += "}(";
  for (size_t i = 0; i < ids.size(); ++i) text(ids[i]), out += 'J', put(out, static_cast<int32_t>(i + 1));
  return out + "uu.";
}

struct ChromaFolder : testing::Test {
  base::TempFolder temporary;
  fs::path chroma = temporary.path() / "chroma", vectors = chroma / "vec";

  void SetUp() override {
    fs::create_directories(vectors);
    Database db(chroma / "chroma.sqlite3", Database::Mode::Write);
    db.script(R"sql(
      CREATE TABLE databases(id TEXT, name TEXT, tenant_id TEXT);
      CREATE TABLE collections(id TEXT, name TEXT, dimension INTEGER, database_id TEXT, config_json_str TEXT, schema_str TEXT);
      CREATE TABLE collection_metadata(collection_id TEXT, key TEXT, str_value TEXT, int_value INTEGER, float_value REAL, bool_value INTEGER);
      CREATE TABLE segments(id TEXT, type TEXT, scope TEXT, collection TEXT);
      CREATE TABLE embeddings(id INTEGER PRIMARY KEY, segment_id TEXT, embedding_id TEXT, seq_id BLOB);
      CREATE TABLE embedding_metadata(id INTEGER, key TEXT, string_value TEXT, int_value INTEGER, float_value REAL, bool_value INTEGER);
      CREATE TABLE embedding_metadata_array(id INTEGER, key TEXT, string_value TEXT, int_value INTEGER, float_value REAL, bool_value INTEGER);
      CREATE TABLE max_seq_id(segment_id TEXT, seq_id INTEGER);
      CREATE TABLE embeddings_queue(seq_id INTEGER PRIMARY KEY, operation INTEGER, topic TEXT, id TEXT, vector BLOB, metadata TEXT);
      INSERT INTO databases VALUES ('d', 'main', 'acme');
      INSERT INTO collections VALUES ('u', 'things', 3, 'd', '{}', ')sql" +
              std::string(kSchema) + R"sql(');
      INSERT INTO collection_metadata VALUES ('u', 'topic', 'x', NULL, NULL, NULL);
      INSERT INTO segments VALUES ('vec', '', 'VECTOR', 'u'), ('meta', '', 'METADATA', 'u');
      INSERT INTO embeddings VALUES (1, 'meta', 'one', 1), (2, 'meta', 'two', 2), (3, 'meta', 'queued', 4);
      INSERT INTO embedding_metadata VALUES (1, 'chroma:document', 'a text', NULL, NULL, NULL),
        (1, 'n', NULL, 7, NULL, NULL), (1, 'f', NULL, NULL, 2.0, NULL), (1, 'b', NULL, NULL, NULL, 0),
        (2, 'chroma:uri', 'file:x', NULL, NULL, NULL);
      INSERT INTO embedding_metadata_array VALUES (2, 'tags', 'y', NULL, NULL, NULL), (2, 'tags', 'x', NULL, NULL, NULL);
      INSERT INTO max_seq_id VALUES ('vec', 3), ('meta', 5);
    )sql");
    const std::string topic = "persistent://default/default/u";
    const auto queue = [&](int seq, int operation, const char* id, std::vector<float> vector, const char* metadata) {
      const Blob blob = blob_of(std::span<const float>(vector));
      db.run("INSERT INTO embeddings_queue VALUES (?1, ?2, ?3, ?4, ?5, ?6)", seq, operation, std::string_view(topic),
             std::string_view(id), vector.empty() ? std::nullopt : std::optional(blob), std::string_view(metadata));
    };
    queue(3, 0, "gone", {9, 9, 9}, "{}");
    queue(4, 0, "queued", {4, 4, 4}, "{}");
    queue(5, 2, "two", {5, 5, 5}, "{}");
    queue(6, 0, "late", {6, 6, 6}, R"({"chroma:document":"late text","n":1})");  // in no table yet
    queue(7, 3, "one", {}, "{}");

    std::string header, data;
    put(header, int32_t{1});
    for (const uint64_t x : {0, 100, 2, 4 + 4 * 32 + 12 + 8, 4 + 4 * 32 + 12, 4 + 4 * 32}) put(header, x);
    for (uint64_t label = 1; label <= 2; ++label) {
      data += std::string(4 + 4 * 32, '\xff');  // links that are no links
      for (size_t i = 0; i < kDim; ++i) put(data, static_cast<float>(label));
      put(data, label);
    }
    write(vectors / "header.bin", header);
    write(vectors / "data_level0.bin", data);
    write(vectors / "index_metadata.pickle", pickle({"one", "two"}));
  }
};

TEST_F(ChromaFolder, IsReadWhole) {
  const auto store = Store::open(temporary.path() / "hanok");
  const auto report = import_chroma(store->catalog(), chroma);
  EXPECT_EQ(report.warnings, std::vector<std::string>());
  ASSERT_EQ(report.collections.size(), 1u);
  EXPECT_EQ(report.collections[0].records, 3u);
  EXPECT_EQ(report.collections[0].without_vector, 0u);
  const auto c = store->catalog().find("things", {"acme", "main"});
  ASSERT_TRUE(c);
  EXPECT_EQ(c->info().metric, Metric::Cosine);
  EXPECT_EQ(c->note("chroma"), std::string(R"({"metadata":{"topic":"x"},"schema":)") + kSchema + "}");
  const auto all = c->read()->get({}, {}, {.vector = true});
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(all[0].id, "two");
  EXPECT_EQ(all[0].uri, "file:x");
  EXPECT_EQ(all[0].metadata, Json({{"tags", {"y", "x"}}}));
  EXPECT_EQ(all[0].vector, (std::vector<float>{5, 5, 5}));
  EXPECT_EQ(all[1].id, "queued");
  EXPECT_EQ(all[1].vector, (std::vector<float>{4, 4, 4}));
  EXPECT_EQ(all[2].id, "late");
  EXPECT_EQ(all[2].document, "late text");
  EXPECT_THROW(import_chroma(store->catalog(), chroma), Error);  // is there already
  EXPECT_THROW(import_chroma(store->catalog(), temporary.path()), Error);
  EXPECT_THROW(import_chroma(store->catalog(), chroma, "others"), Error);
}

TEST_F(ChromaFolder, ADamagedIndexLosesNothingThatIsThere) {
  write(vectors / "header.bin", "nonsense");
  fs::resize_file(vectors / "data_level0.bin", fs::file_size(vectors / "data_level0.bin") - 10);
  Database(chroma / "chroma.sqlite3", Database::Mode::Write).script("DELETE FROM embeddings_queue");
  const auto store = Store::open(temporary.path() / "hanok");
  const auto report = import_chroma(store->catalog(), chroma);
  EXPECT_EQ(report.collections[0].records, 3u);
  EXPECT_EQ(report.collections[0].without_vector, 2u);  // the one that is cut, the one that was in the queue
  EXPECT_EQ(report.warnings.size(), 1u);
  const auto c = store->catalog().find("things", {"acme", "main"});
  const auto one = c->read()->get({.ids = {{"one"}}}, {}, {.vector = true}).at(0);
  EXPECT_EQ(one.vector, (std::vector<float>{1, 1, 1}));
  EXPECT_EQ(one.document, "a text");
  EXPECT_EQ(one.metadata, Json::parse(R"({"n":7,"f":2.0,"b":false})"));
}

TEST_F(ChromaFolder, AHeaderThatPointsBehindTheFileIsNotFollowed) {
  const uint64_t far = UINT64_MAX - 7;  // eight bytes behind it is 0
  for (const auto [bytes, label_at, vector_at] :
       {std::array<uint64_t, 3>{far + 8, far, far - 12}, std::array<uint64_t, 3>{23, 15, 3}}) {
    std::string header;
    put(header, int32_t{1});
    for (const uint64_t x : {uint64_t{0}, uint64_t{100}, uint64_t{2}, bytes, label_at, vector_at}) put(header, x);
    write(vectors / "header.bin", header);
    const base::TempFolder into;
    const auto store = Store::open(into.path());
    const auto report = import_chroma(store->catalog(), chroma);
    EXPECT_EQ(report.warnings.size(), 1u);
    EXPECT_EQ(report.collections[0].without_vector, 0u);
  }
}

TEST_F(ChromaFolder, ASpaceThatIsNoWordIsPassedOver) {
  Database(chroma / "chroma.sqlite3", Database::Mode::Write)
      .script(
          "UPDATE collections SET schema_str = ''; INSERT INTO collection_metadata SELECT id, 'hnsw:space', NULL, 5, "
          "NULL, NULL FROM collections");
  const auto store = Store::open(temporary.path() / "hanok");
  import_chroma(store->catalog(), chroma);
  EXPECT_EQ(store->catalog().find("things", {"acme", "main"})->info().metric, Metric::L2);
}

TEST_F(ChromaFolder, ADimensionThatNoVectorHasIsRefused) {
  for (const char* dimension : {"-1", "4611686018427387904"}) {
    Database(chroma / "chroma.sqlite3", Database::Mode::Write)
        .script(std::string("UPDATE collections SET dimension = ") + dimension);
    const auto store = Store::open(temporary.path() / "hanok");
    EXPECT_THROW(import_chroma(store->catalog(), chroma), Error) << dimension;
    EXPECT_FALSE(store->catalog().find_database({"acme", "main"}));
  }
}

TEST(Pickle, AnInstanceIsItsStateAndBytesThatAreNoneAreRefused) {
  // class instance with state {"a": 1}, as older versions of Chroma wrote theirs (protocol 4 with a memo)
  const std::string bytes(
      "\x80\x04\x8c\x01m\x94\x8c\x01"
      "C\x94\x93\x94)\x81\x94}\x94\x8c\x01"
      "a\x94K\x01sb.",
      26);
  EXPECT_EQ(chroma::read_pickle(bytes), Json({{"a", 1}}));
  for (size_t cut = 0; cut < bytes.size(); ++cut) EXPECT_THROW(chroma::read_pickle(bytes.substr(0, cut)), Error);
  EXPECT_THROW(chroma::read_pickle("\x80\x02u."), Error);
  EXPECT_THROW(chroma::read_pickle("s."), Error);
}

}  // namespace
}  // namespace hanok::store
