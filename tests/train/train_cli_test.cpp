// hanok-train as a user runs it, on a data set of a few hundred pictures that is made here.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/json.h"
#include "base/process.h"
#include "base/random.h"

namespace hanok {
namespace {

namespace fs = std::filesystem;
using ::testing::AnyOf;
using ::testing::HasSubstr;

std::string u32(uint32_t v) {
  return {static_cast<char>(v >> 24), static_cast<char>(v >> 16), static_cast<char>(v >> 8), static_cast<char>(v)};
}

class TrainCli : public ::testing::Test {
 protected:
  // Two classes among ten: a bar that lies and one that stands, with noise.
  void write_mnist(const std::string& part, uint32_t n, uint64_t seed) const {
    constexpr size_t kSide = 28;
    base::Random random(seed);
    std::string images = u32(0x803) + u32(n) + u32(kSide) + u32(kSide), labels = u32(0x801) + u32(n);
    for (uint32_t i = 0; i < n; ++i) {
      const size_t at = 6 + random.below(16);
      const bool stands = random.below(2);
      for (size_t y = 0; y < kSide; ++y)
        for (size_t x = 0; x < kSide; ++x)
          images +=
              static_cast<char>(std::min<uint64_t>(255, random.below(60) + ((stands ? x : y) / 2 == at / 2 ? 190 : 0)));
      labels += static_cast<char>(stands ? 1 : 0);
    }
    base::write_file_atomic(data() / (part + "-images-idx3-ubyte"), images);
    base::write_file_atomic(data() / (part + "-labels-idx1-ubyte"), labels);
  }
  void SetUp() override {
    fs::create_directories(data());
    write_mnist("train", 400, 1);
    write_mnist("t10k", 101, 2);
  }
  fs::path data() const { return temp_.path() / "data"; }
  fs::path run_folder(const std::string& name) const { return temp_.path() / name; }
  std::vector<std::string> train_words(const std::string& out, std::vector<std::string> more = {}) const {
    std::vector<std::string> words = {HANOK_TRAIN_PROGRAM, "vision",  "train",   "--data",    data(),
                                      "--dataset",         "mnist",   "--model", "lenet",     "--out",
                                      run_folder(out),     "--batch", "40",      "--threads", "1",
                                      "--precision",       "float32"};
    for (size_t i = 0; i < more.size(); ++i) {  // a flag that stands there already gets another value
      const auto there = std::find(words.begin(), words.end(), more[i]);
      if (there != words.end() && i + 1 < more.size())
        *(there + 1) = more[++i];
      else
        words.push_back(more[i]);
    }
    return words;
  }
  static base::ProcessResult run(const std::vector<std::string>& words) {
    return base::run_process(words, "", {.seconds = 120, .memory_bytes = uint64_t{1} << 50});
  }
  static std::string bash_words(const std::vector<std::string>& words) {
    std::string out;
    for (const auto& w : words) out += "'" + w + "' ";
    return out;
  }
  static base::Json last_line(const std::string& out) {
    const size_t end = out.find_last_not_of('\n') + 1, before = out.rfind('\n', end - 1);
    const size_t begin = before == out.npos ? 0 : before + 1;
    return base::parse_json(out.substr(begin, end - begin), "last line");
  }
  std::string weights(const std::string& out) const { return base::read_file(run_folder(out) / "model.safetensors"); }

 private:
  base::TempFolder temp_;
};

TEST_F(TrainCli, TrainsEndsWithItsReportAndIsTried) {
  const auto result = run(train_words("run", {"--epochs", "16", "--json"}));
  ASSERT_EQ(result.exit_status, 0) << result.err;
  const base::Json report = last_line(result.out);
  std::vector<std::string> keys;
  for (const auto& [key, value] : report.items()) keys.push_back(key);
  EXPECT_THAT(keys, ::testing::UnorderedElementsAre("model", "parameters", "epochs", "seconds", "train_loss",
                                                    "test_accuracy", "images_per_second", "peak_rss_bytes"));
  EXPECT_EQ(report["model"], "lenet");
  EXPECT_EQ(report["parameters"], 61706);
  EXPECT_EQ(report["epochs"], 16);
  EXPECT_GT(report["test_accuracy"].get<double>(), 0.9) << report;
  for (const char* file : {"model.safetensors", "model.json", "config.json", "metrics.csv", "events.jsonl",
                           "plots/loss.svg", "plots/accuracy.png", "checkpoint/last.safetensors"})
    EXPECT_TRUE(fs::exists(run_folder("run") / file)) << file;
  const auto tried = run({HANOK_TRAIN_PROGRAM, "vision", "eval", "--run", run_folder("run"), "--json"});
  ASSERT_EQ(tried.exit_status, 0) << tried.err;
  EXPECT_DOUBLE_EQ(last_line(tried.out)["test_accuracy"].get<double>(), report["test_accuracy"].get<double>());
  const auto start = base::parse_json(result.out.substr(0, result.out.find('\n')), "first line");
  EXPECT_EQ(start["event"], "start");
  EXPECT_GT(start["seconds_expected"].get<double>(), 0);
  EXPECT_LT(start["seconds_expected"].get<double>(), 600) << "6,400 pictures through LeNet";
  const auto again = run(train_words("run", {"--epochs", "4"}));
  EXPECT_EQ(again.exit_status, 4) << "a trained model is not written over";
  EXPECT_THAT(again.err, HasSubstr("--resume"));
}

// Killed wherever it is, the run goes on and ends with the same bytes.
TEST_F(TrainCli, AKilledRunGoesOnToTheSameBytes) {
  const std::vector<std::string> flags = {"--epochs", "6", "--checkpoint-seconds", "0", "--averaging", "ema"};
  ASSERT_EQ(run(train_words("whole", flags)).exit_status, 0);
  const fs::path checkpoint = run_folder("killed") / "checkpoint" / "last.safetensors";
  for (const int kilobytes : {1, 2}) {  // killed at its first checkpoint, and after it has gone on
    auto words = train_words("killed", flags);
    if (kilobytes > 1) words.push_back("--resume");
    run({"bash", "-c",
         bash_words(words) + ">/dev/null 2>&1 & for i in $(seq 2000); do [ '" + checkpoint.string() + "' -nt '" +
             (data() / "mark").string() +
             "' ] && break; sleep 0.01; done; sleep 0.1; kill -9 $!; wait $! 2>/dev/null; touch '" +
             (data() / "mark").string() + "'"});
    ASSERT_TRUE(fs::exists(checkpoint));
  }
  auto words = train_words("killed", flags);
  words.push_back("--resume");
  const auto result = run(words);
  ASSERT_EQ(result.exit_status, 0) << result.err;
  EXPECT_EQ(weights("killed"), weights("whole"));
}

// What a checkpoint was made with is what it goes on with, and what config.json says.
TEST_F(TrainCli, OtherOptionsDoNotGoOnFromACheckpoint) {
  ASSERT_EQ(run(train_words("run", {"--epochs", "2"})).exit_status, 0);
  const std::string config = base::read_file(run_folder("run") / "config.json");
  for (const std::vector<std::string>& other : {std::vector<std::string>{"--optimizer", "sgd"},
                                                {"--schedule", "constant"},
                                                {"--averaging", "ema"},
                                                {"--mixup", "0.3"},
                                                {"--cutout", "4"},
                                                {"--colour", "0.1"},
                                                {"--epochs", "3"}}) {
    auto flags = other;
    if (other[0] != "--epochs") flags.insert(flags.begin(), {"--epochs", "2"});
    flags.push_back("--resume");
    const auto result = run(train_words("run", flags));
    EXPECT_EQ(result.exit_status, 2) << other[0] << result.err;
    EXPECT_THAT(result.err, HasSubstr("was started with other options")) << other[0];
  }
  EXPECT_EQ(base::read_file(run_folder("run") / "config.json"), config);
}

TEST_F(TrainCli, ARunThatWasStoppedIsNotBegunAnewByMistake) {
  fs::create_directories(run_folder("stopped") / "checkpoint");
  base::write_file_atomic(run_folder("stopped") / "checkpoint" / "last.safetensors", "hours of work");
  const auto result = run(train_words("stopped", {"--epochs", "1"}));
  EXPECT_EQ(result.exit_status, 4) << result.err;
  EXPECT_THAT(result.err, HasSubstr("--resume"));
  EXPECT_EQ(base::read_file(run_folder("stopped") / "checkpoint" / "last.safetensors"), "hours of work");
}

TEST_F(TrainCli, TwoProcessesComputeWhatOneDoes) {
  const std::vector<std::string> flags = {"--epochs", "2", "--json"};
  const auto one = run(train_words("one", flags));
  ASSERT_EQ(one.exit_status, 0) << one.err;
  const std::string line = bash_words(train_words("two", flags));
  const auto two = run({"bash", "-c",
                        "export WORLD_SIZE=2 MASTER_ADDR=127.0.0.1 MASTER_PORT=$((20000 + RANDOM % 20000)); RANK=1 " +
                            line + "& RANK=0 " + line + "; status=$?; wait $! && exit $status"});
  if (two.err.find("without Gloo") != std::string::npos) GTEST_SKIP() << two.err;
  ASSERT_EQ(two.exit_status, 0) << two.out << two.err;
  const base::Json a = last_line(one.out), b = last_line(two.out);
  EXPECT_NEAR(a["train_loss"].get<double>(), b["train_loss"].get<double>(), 1e-4 * a["train_loss"].get<double>());
  EXPECT_NEAR(a["test_accuracy"].get<double>(), b["test_accuracy"].get<double>(), 0.011) << "a picture at most";
}

TEST_F(TrainCli, PicturesAreSmallAtFirstWhereTheNetTakesThem) {
  const std::vector<std::string> flags = {"--model", "resnet20", "--recipe", "accurate", "--epochs", "2"};
  const auto result = run(train_words("small", flags));
  ASSERT_EQ(result.exit_status, 0) << result.err;
  const auto config = base::parse_json(base::read_file(run_folder("small") / "config.json"), "config");
  EXPECT_LT(config["small_share"], 1);
  EXPECT_GT(config["small_until"], 0);
  const auto refused = run(train_words("lenet", {"--recipe", "accurate", "--epochs", "2"}));
  EXPECT_EQ(refused.exit_status, 2);
  EXPECT_THAT(refused.err, HasSubstr("lenet cannot take"));
  EXPECT_THAT(refused.err, HasSubstr("--recipe"));
}

TEST_F(TrainCli, AProcessWhoseCompanionIsKilledSaysSo) {
  const std::string line = bash_words(train_words("alone", {"--epochs", "100000"}));
  const std::string epochs = (run_folder("alone") / "metrics.csv").string();
  const auto left =
      run({"bash", "-c",
           "export WORLD_SIZE=2 MASTER_ADDR=127.0.0.1 MASTER_PORT=$((20000 + RANDOM % 20000))\n"
           "RANK=1 " +
               line + " & one=$!; RANK=0 " + line + " & zero=$!\nwhile kill -0 $zero && ! grep -q '^1,' '" + epochs +
               "'; do sleep .1; done 2>/dev/null; kill -KILL $one; wait $zero"});
  if (left.err.find("without Gloo") != std::string::npos) GTEST_SKIP() << left.err;
  EXPECT_EQ(left.exit_status, 7) << left.err;
  EXPECT_THAT(left.err, HasSubstr("another process of this run is gone"));
  EXPECT_THAT(left.err, HasSubstr("--resume"));
}

// A site that has a file of this name and another content.
TEST_F(TrainCli, DataThatIsNotWhatWasPublishedIsRefused) {
  base::write_file_atomic(data() / "train-images-idx3-ubyte.gz", "no gzip file");
  const auto result = run({"python3", "-c", R"(
import functools, http.server, subprocess, sys, threading
handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=sys.argv[1])
site = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
threading.Thread(target=site.serve_forever, daemon=True).start()
sys.exit(subprocess.call(sys.argv[2:] + ["--from", "http://127.0.0.1:%d" % site.server_port]))
)",
                           data(), HANOK_TRAIN_PROGRAM, "vision", "data", "get", "mnist", "--out", run_folder("got")});
  EXPECT_EQ(result.exit_status, 7) << result.err;
  EXPECT_THAT(result.err, HasSubstr("train-images-idx3-ubyte.gz could not be fetched"));
  EXPECT_THAT(result.err, HasSubstr("damaged"));
  EXPECT_FALSE(fs::exists(run_folder("got") / "train-images-idx3-ubyte.gz"));
  const auto unknown = run({HANOK_TRAIN_PROGRAM, "vision", "data", "get", "imagenet", "--out", run_folder("got")});
  EXPECT_EQ(unknown.exit_status, 3);
  EXPECT_THAT(unknown.err, HasSubstr("fashion-mnist"));
}

TEST_F(TrainCli, OneClassAloneAndNoPicturesAreRefused) {
  const auto file = data() / "train-labels-idx1-ubyte";
  std::string labels = base::read_file(file);
  std::fill(labels.begin() + 8, labels.end(), '\1');
  base::write_file_atomic(file, labels);
  const auto one = run(train_words("one"));
  EXPECT_EQ(one.exit_status, 2) << one.err;
  EXPECT_THAT(one.err, HasSubstr("all pictures are of one class"));
  write_mnist("train", 0, 1);
  const auto none = run(train_words("none"));
  EXPECT_EQ(none.exit_status, 2) << none.err;
  EXPECT_THAT(none.err, HasSubstr("no pictures to learn from"));
}

TEST_F(TrainCli, MemoryIsSaidBeforehandAndGrowsWithTheBatch) {
  const auto bytes = [&](const std::string& batch) {
    const auto result = run(train_words("memory" + batch, {"--epochs", "2", "--batch", batch, "--json"}));
    EXPECT_EQ(result.exit_status, 0) << result.err;
    return base::parse_json(result.out.substr(0, result.out.find('\n')), "start").at("memory_bytes").get<double>();
  };
  const double few = bytes("10"), many = bytes("40");
  EXPECT_GT(few, 2 * 4 * 61'706) << "the net's numbers and what the optimizer remembers of them";
  EXPECT_GT(many - few, 30 * 4 * (6 * 28 * 28 + 16 * 10 * 10)) << "what is kept of a picture for the way back";
}

TEST_F(TrainCli, HowLongItTakesIsSaidBeforehand) {
  const auto result = run(train_words("clock", {"--minutes", "0.02"}));
  ASSERT_EQ(result.exit_status, 0) << result.err;
  EXPECT_THAT(result.err, HasSubstr("lenet on mnist, recipe light, float32, about 1 s and "));
  EXPECT_LT(result.err.find("about"), result.err.find("epoch "));
}

TEST_F(TrainCli, DevicesAreChosenByName) {
  const auto cpu = run(train_words("cpu", {"--epochs", "2", "--device", "cpu"}));
  ASSERT_EQ(cpu.exit_status, 0) << cpu.err;
  const auto unsaid = run(train_words("unsaid", {"--device", "gpu"}));
  EXPECT_EQ(unsaid.exit_status, 2);
  EXPECT_THAT(unsaid.err, HasSubstr("cuda:NUMBER"));
  const auto cuda = run(train_words("cuda", {"--epochs", "2", "--device", "cuda"}));
  if (cuda.exit_status == 0) GTEST_SKIP() << "here is a GPU";
  EXPECT_THAT(cuda.err, AnyOf(HasSubstr("a libtorch for CPUs only"), HasSubstr("an NVIDIA GPU and its driver")));
  EXPECT_FALSE(fs::exists(run_folder("cuda"))) << "refused before anything is written";
  const auto measured = run({HANOK_TRAIN_PROGRAM, "vision", "measure", "--model", "lenet", "--device", "cuda"});
  EXPECT_THAT(measured.err, HasSubstr("--device cuda: "));
}

TEST_F(TrainCli, MistakesAreSaidPlainly) {
  const auto wrong = [&](std::vector<std::string> more, int status, const std::string& says) {
    const auto result = run(train_words("wrong", std::move(more)));
    EXPECT_EQ(result.exit_status, status) << result.err;
    EXPECT_THAT(result.err, HasSubstr(says));
  };
  wrong({"--model", "lenett"}, 3, "there is no model 'lenett'");
  wrong({"--epochs", "0"}, 2, "--epochs");
  wrong({"--data", "/nowhere"}, 3, "/nowhere");
  wrong({"--resume"}, 3, "nothing to go on from");
  wrong({"--lr", "1e6", "--epochs", "2", "--out", run_folder("burst")}, 2, "the loss is no number");
  wrong({"--out", "/proc/nowhere"}, 7, "/proc/nowhere: ");
  const auto large = run({HANOK_TRAIN_PROGRAM, "vision", "measure", "--model", "resnet18", "--size", "1000000000"});
  EXPECT_EQ(large.exit_status, 8) << large.err;
  EXPECT_THAT(large.err, HasSubstr("out of memory"));
  EXPECT_EQ(std::count(large.err.begin(), large.err.end(), '\n'), 1) << large.err;
  const auto many = run({HANOK_TRAIN_PROGRAM, "vision", "measure", "--model", "lenet", "--batch", "100000000"});
  EXPECT_EQ(many.exit_status, 8) << many.err;
  EXPECT_THAT(many.err, HasSubstr("would fit"));
  std::string labels = base::read_file(data() / "train-labels-idx1-ubyte");
  labels[8 + 17] = 55;
  base::write_file_atomic(data() / "train-labels-idx1-ubyte", labels);
  wrong({}, 5, "record 17: label 55");
}

}  // namespace
}  // namespace hanok
