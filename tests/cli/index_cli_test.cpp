// `hanok index`: keys of --json, settings, what is said about wrong input.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "base/random.h"
#include "program.h"

namespace hanok::test {
namespace {

using base::Json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsSupersetOf;

constexpr size_t kDim = 24;

template <typename T>
void put(std::string& out, T value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof(value));
}

// Rows around eight centres: int32 dim, then the numbers.
std::string fvecs(size_t rows, uint64_t seed, size_t dim = kDim) {
  base::Random centres(3), random(seed);
  std::vector<float> centre(8 * dim);
  for (auto& v : centre) v = 3 * static_cast<float>(centres.normal());
  std::string out;
  for (size_t i = 0; i < rows; ++i) {
    put(out, static_cast<int32_t>(dim));
    for (size_t c = random.below(8), j = 0; j < dim; ++j)
      put(out, centre[c * dim + j] + static_cast<float>(random.normal()));
  }
  return out;
}

struct IndexCli : testing::Test {
  Program hanok;
  std::string base = hanok.write("base.fvecs", fvecs(2000, 1)).string();
  std::string queries = hanok.write("queries.fvecs", fvecs(40, 2)).string();

  std::string path(const std::string& name) const { return (hanok.folder() / name).string(); }
  std::string built(const std::string& type, const std::string& metric = "l2") {
    const std::string file = path(type + ".idx");
    hanok.json({"index", "build", "--in", base, "--type", type, "--metric", metric, "--out", file});
    return file;
  }
  std::string truth() {
    const std::string file = path("truth.ivecs");
    hanok.json({"index", "search", "--index", built("flat"), "--in", queries, "--out", file});
    return file;
  }
  // The message must name what was wrong.
  void fails(std::vector<std::string> arguments, const std::string& code, const std::string& message) {
    arguments.push_back("--json");
    const auto result = hanok.run(arguments);
    EXPECT_NE(result.exit_status, 0) << arguments[1];
    const Json json = base::parse_json(result.out.empty() ? "null" : result.out, "output of hanok");
    ASSERT_TRUE(json.is_object() && json.contains("error")) << result.out << result.err;
    EXPECT_EQ(json["error"]["code"], code);
    EXPECT_THAT(json["error"]["message"].get<std::string>(), HasSubstr(message));
  }
};

TEST_F(IndexCli, BuildSaysWhatItMade) {
  for (const std::string type : {"flat", "ivf", "hnsw", "disk"}) {
    const Json json =
        hanok.json({"index", "build", "--in", base, "--type", type, "--metric", "cosine", "--out", path("x.idx")});
    EXPECT_THAT(keys(json), IsSupersetOf({"vectors", "dim", "seconds", "bytes", "type"}));
    EXPECT_EQ(json["vectors"], 2000);
    EXPECT_EQ(json["dim"], kDim);
    EXPECT_EQ(json["type"], type);
    EXPECT_EQ(json["bytes"], base::fs::file_size(path("x.idx")));
    EXPECT_FALSE(json.contains("why"));
  }
}

TEST_F(IndexCli, AutoIsTheDefaultAndSaysWhy) {
  const Json flat = hanok.json({"index", "build", "--in", base, "--out", path("a.idx")});
  EXPECT_EQ(flat["type"], "flat");
  EXPECT_THAT(flat["why"].get<std::string>(), HasSubstr("exact scan"));
  const Json other = hanok.json({"index", "build", "--in", base, "--set", "exact_below=1100", "--out", path("a.idx")});
  EXPECT_NE(other["type"], "flat");
  EXPECT_THAT(other["why"].get<std::string>(), HasSubstr("recall"));
  const Json info = hanok.json({"index", "info", path("a.idx")});
  EXPECT_EQ(info["type"], other["type"]);
  EXPECT_EQ(info["statistics"]["why"], other["why"]);
}

TEST_F(IndexCli, SearchMeasuresEverySetting) {
  const std::string gt = truth();
  const auto result = hanok.run({"index", "search", "--index", built("hnsw"), "--in", queries, "-k", "10", "--set",
                                 "ef=10,64", "--threads", "1", "--truth", gt, "--out", path("ids.ivecs"), "--json"});
  ASSERT_EQ(result.exit_status, 0) << result.out << result.err;
  std::vector<std::string> lines;
  for (size_t at = 0, end; (end = result.out.find('\n', at)) != std::string::npos; at = end + 1)
    lines.push_back(result.out.substr(at, end - at));
  ASSERT_EQ(lines.size(), 2u) << result.out;
  const Json narrow = base::parse_json(lines[0], "line 1"), wide = base::parse_json(lines[1], "line 2");
  EXPECT_THAT(keys(narrow), IsSupersetOf({"set", "recall", "queries_per_second", "p50_us", "p99_us"}));
  EXPECT_EQ(narrow["set"], "ef=10");
  EXPECT_EQ(wide["set"], "ef=64");
  EXPECT_GE(wide["recall"].get<double>(), 0.98);
  EXPECT_LE(narrow["recall"].get<double>(), wide["recall"].get<double>() + 0.01);
  EXPECT_LE(wide["p50_us"].get<double>(), wide["p99_us"].get<double>());
  EXPECT_EQ(base::fs::file_size(path("ids.ivecs")), 40 * 44u);
}

TEST_F(IndexCli, FlatAndBatchAreExact) {
  const std::string gt = truth();
  for (const bool batch : {false, true}) {
    std::vector<std::string> arguments{"index", "search", "--index", path("flat.idx"), "--in", queries, "--truth", gt};
    if (batch) arguments.push_back("--batch");
    const Json json = hanok.json(arguments);
    EXPECT_EQ(json["recall"], 1.0);
    EXPECT_EQ(json["set"], "");
  }
  EXPECT_EQ(hanok.json({"index", "search", "--index", path("flat.idx"), "--in", queries})["recall"], nullptr);
}

TEST_F(IndexCli, InfoAndVerify) {
  const std::string file = built("ivf", "ip");
  const Json info = hanok.json({"index", "info", file});
  EXPECT_THAT(keys(info), IsSupersetOf({"type", "metric", "dim", "vectors", "bytes", "set", "statistics"}));
  EXPECT_EQ(info["metric"], "ip");
  EXPECT_EQ(hanok.json({"index", "verify", file})["ok"], true);

  std::string bytes = base::read_file(file);
  bytes[bytes.size() / 2] ^= 1;
  const std::string damaged = hanok.write("damaged.idx", bytes).string();
  fails({"index", "verify", damaged}, "corrupt", "built again");
  fails({"index", "info", hanok.write("half.idx", bytes.substr(0, 500)).string()}, "corrupt", "half.idx");
  fails({"index", "info", base}, "corrupt", "not an index file");
  fails({"index", "info", path("none.idx")}, "not_found", "none.idx");
}

TEST_F(IndexCli, ConvertsBothWays) {
  const std::string gt = truth();
  for (const std::string type : {"flat", "ivf", "hnsw"})
    for (const std::string ending : {"faiss", "bin"}) {
      const std::string theirs = path("theirs." + ending), ours = path("ours.idx");
      const Json out = hanok.json({"index", "convert", built(type), theirs});
      EXPECT_THAT(keys(out), IsSupersetOf({"from", "to", "type", "vectors", "lossy"}));
      EXPECT_EQ(out["vectors"], 2000) << type << " " << ending;
      const Json back = hanok.json({"index", "convert", theirs, ours});
      EXPECT_EQ(back["vectors"], 2000);
      EXPECT_EQ(back["lossy"], false);
      EXPECT_EQ(back["type"], ending == "bin" ? "hnsw" : type);
      EXPECT_GE(
          hanok.json({"index", "search", "--index", ours, "--in", queries, "--truth", gt})["recall"].get<double>(),
          0.95);
    }
  fails({"index", "convert", base, path("x.idx")}, "corrupt", "base.fvecs");
}

TEST_F(IndexCli, Cluster) {
  const Json json = hanok.json({"index", "cluster", base, "--clusters", "8", "--out", path("centroids.fvecs")});
  EXPECT_THAT(keys(json), IsSupersetOf({"vectors", "dim", "k", "inertia", "seconds", "sizes"}));
  EXPECT_EQ(json["sizes"].size(), 8u);
  EXPECT_EQ(base::fs::file_size(path("centroids.fvecs")), 8 * (4 + 4 * kDim));
  fails({"index", "cluster", base, "--clusters", "5000"}, "invalid", "5000");
  fails({"index", "cluster", base}, "invalid", "--clusters");
}

TEST_F(IndexCli, TuneStoresItsSetting) {
  for (const std::string type : {"flat", "ivf", "hnsw"}) {
    const std::string file = built(type);
    const Json json = hanok.json({"index", "tune", "--index", file, "--recall", "0.9", "--in", queries});
    EXPECT_THAT(keys(json), IsSupersetOf({"set", "recall", "queries_per_second", "queries"}));
    EXPECT_GE(json["recall"].get<double>(), 0.9);
    EXPECT_EQ(hanok.json({"index", "verify", file})["ok"], true);
    const Json after = hanok.json({"index", "search", "--index", file, "--in", queries, "--truth", truth()});
    EXPECT_NEAR(after["recall"].get<double>(), json["recall"].get<double>(), 1e-6) << type;  // the stored one is used
  }
}

TEST_F(IndexCli, WithoutQueriesTuneAsksVectorsLeftOutAndInfoTellsThePromise) {
  for (const std::string type : {"ivf", "hnsw"}) {
    const std::string file = built(type);
    EXPECT_FALSE(hanok.json({"index", "info", file}).contains("promise"));
    const Json json = hanok.json({"index", "tune", "--index", file, "--recall", "0.9"});
    EXPECT_EQ(json["promise"]["recall"], 0.9);
    ASSERT_EQ(json["promise"]["reached"].size(), 2u) << "as they are, and moved away";
    EXPECT_LT(json["promise"]["vectors"], 2000);
    EXPECT_EQ(hanok.json({"index", "info", file})["promise"], json["promise"]);
    const Json after = hanok.json({"index", "search", "--index", file, "--in", queries, "--truth", truth()});
    EXPECT_GE(after["recall"].get<double>(), 0.87) << type;  // of 400 neighbours: chance takes some
  }
  fails({"index", "tune", "--index", built("hnsw"), "--in", hanok.write("w.fvecs", fvecs(3, 1, kDim + 1)).string()},
        "invalid", "25");
}

TEST_F(IndexCli, DiskKeepsRowsInItsFileAndIsTunedOnQuestions) {
  const std::string file = built("disk");
  const Json info = hanok.json({"index", "info", file});
  EXPECT_EQ(info["type"], "disk");
  EXPECT_EQ(info["statistics"]["vectors_in_memory"], "0");
  EXPECT_EQ(info["statistics"]["search"], "graph");
  EXPECT_EQ(hanok.json({"index", "verify", file})["ok"], true);
  const Json found = hanok.json({"index", "search", "--index", file, "--in", queries, "--truth", truth()});
  EXPECT_GE(found["recall"].get<double>(), 0.98);
  fails({"index", "tune", "--index", file}, "unsupported", "give questions");
  const Json tuned = hanok.json({"index", "tune", "--index", file, "--in", queries, "--recall", "0.9"});
  EXPECT_EQ(hanok.json({"index", "info", file})["promise"]["setting"], tuned["set"]);
}

TEST_F(IndexCli, WrongInputIsNamed) {
  fails({"index", "build", "--in", path("none.fvecs"), "--out", path("x.idx")}, "not_found", "none.fvecs");
  fails({"index", "build", "--in", base, "--type", "hnsw", "--set", "m=3", "--out", path("x.idx")}, "invalid", "M");
  fails({"index", "build", "--in", base, "--set", "M", "--out", path("x.idx")}, "invalid", "key=value");
  const std::string cut = hanok.write("cut.fvecs", fvecs(3, 1).substr(0, 150)).string();
  fails({"index", "build", "--in", cut, "--out", path("x.idx")}, "corrupt", "cut.fvecs");
  EXPECT_FALSE(base::fs::exists(path("x.idx")));

  const std::string file = built("flat");
  const std::string wide = hanok.write("wide.fvecs", fvecs(3, 1, kDim + 1)).string();
  fails({"index", "search", "--index", file, "--in", wide}, "invalid", "25");
  fails({"index", "search", "--index", file, "--in", queries, "--set", "M=3"}, "invalid", "ef, nprobe, rerank");
  fails({"index", "search", "--index", file, "--in", queries, "--set", "ef=few"}, "invalid", "whole numbers");
  fails({"index", "search", "--index", file, "--in", queries, "--truth", queries}, "unsupported", "queries.fvecs");
  fails({"index", "search", "--index", file, "--in", queries, "-k", "0"}, "invalid", "-k 0");
  fails({"index", "search", "--in", queries}, "invalid", "--index");
  fails({"index", "build", "--in", base}, "invalid", "--out");
  fails({"index", "build", "--in", base, "--out", path("none/x.idx")}, "not_found", "none");
  fails({"index", "tune", "--index", file, "--recall", "2"}, "invalid", "--recall");
  EXPECT_NE(hanok.run({"index", "build", "--in", base, "--type", "tree"}).exit_status, 0);
}

}  // namespace
}  // namespace hanok::test
