// import, predict, explain, export and models, on a net whose weights were written by hand.
#include "hanok/error.h"
#include "trained.h"

#include <algorithm>

namespace hanok::test {
namespace {

class TrainedNetCli : public ::testing::Test {
 protected:
  void SetUp() override {
    write_weights(program_.folder() / "w.safetensors", halves());
    base::write_file_atomic(program_.folder() / "names", "above\nbelow\n");
    const auto made = program_.json(
        {"import", "--model", "lenet_relu", "--weights", at("w.safetensors"), "--out", run_, "--names", at("names")});
    ASSERT_EQ(made["classes"], 2);
    ASSERT_EQ(made["parameters"], 61706 + 6 * 2 * 25 - 8 * 85);
    write_half(at("up.png"), 40, true);
    write_half(at("down.png"), 100, false);
  }
  std::string at(const std::string& name) const { return (program_.folder() / name).string(); }

  VisionProgram program_;
  std::string run_ = (program_.folder() / "run").string();
};

TEST_F(TrainedNetCli, PredictNamesClassesWithProbabilities) {
  const auto out = program_.json({"predict", "--run", run_, at("up.png"), at("down.png")});
  ASSERT_EQ(out["pictures"].size(), 2u);
  EXPECT_EQ(out["pictures"][0]["class"], "above");
  EXPECT_EQ(out["pictures"][1]["class"], "below");
  EXPECT_GT(out["pictures"][1]["probability"].get<double>(), .9);
  double sum = 0;
  for (const auto& t : out["pictures"][0]["top"]) sum += t["probability"].get<double>();
  EXPECT_NEAR(sum, 1, 1e-6);
  EXPECT_NE(program_.run({"predict", "--run", run_, at("up.png")}).out.find("up.png:  above "), std::string::npos);
}

TEST_F(TrainedNetCli, ExplainShowsWhereThePictureSpeaks) {
  const auto out = program_.json({"explain", "--run", run_, at("up.png"), "--out", at("why")});
  EXPECT_EQ(out["pictures"][0]["class"], "above");
  const auto sheet = image::read_file(out["pictures"][0]["grad_cam"].get<std::string>());
  // Three pictures side by side with a gap of 4 around them, each 28 * 5 wide; the second is the heat.
  ASSERT_EQ(sheet.width, 3 * 140u + 16);
  const auto brightness = [&](size_t y) {
    size_t sum = 0;
    for (size_t x = 150; x < 280; ++x) sum += sheet.pixels[sheet.at(x, y)];
    return sum;
  };
  EXPECT_GT(brightness(4 + 30), 4 * brightness(4 + 110)) << "hot above, cold below";
  EXPECT_EQ(out["pictures"][0]["feature_maps"].size(), 4u) << "two convolutions, two pools";
  for (const auto& file : out["pictures"][0]["feature_maps"])
    EXPECT_TRUE(image::is_picture(base::read_file(file.get<std::string>())));
  EXPECT_TRUE(image::is_picture(base::read_file(out["filters"].get<std::string>())));
  const auto unknown =
      program_.json({"explain", "--run", run_, at("up.png"), "--out", at("why"), "--class", "left"}, 3);
  EXPECT_NE(unknown["error"]["message"].get<std::string>().find("there are: above, below"), std::string::npos);
}

TEST_F(TrainedNetCli, PicturesOfOneNameAreExplainedApart) {
  std::filesystem::create_directory(program_.folder() / "other");
  write_half(at("other/up.png"), 40, false);
  const auto out = program_.json({"explain", "--run", run_, at("up.png"), at("other/up.png"), "--out", at("why")});
  ASSERT_EQ(out["pictures"].size(), 2u);
  const auto first = out["pictures"][0]["grad_cam"].get<std::string>();
  EXPECT_EQ(out["pictures"][1]["grad_cam"], at("why/up-2-grad-cam.png"));
  EXPECT_NE(base::read_file(first), base::read_file(at("why/up-2-grad-cam.png")));
}

TEST_F(TrainedNetCli, ExportedWeightsComeBackTheSame) {
  program_.json({"export", "--run", run_, "--format", "safetensors", "--out", at("again.safetensors")});
  program_.json({"import", "--model", "lenet_relu", "--weights", at("again.safetensors"), "--out", at("run2"),
                 "--names", at("names")});
  EXPECT_EQ(base::read_file(at("run2/model.safetensors")), base::read_file(run_ + "/model.safetensors"));
  const auto onnx = program_.json({"export", "--run", run_, "--out", at("net.onnx")});
  EXPECT_EQ(onnx["format"], "onnx");
  EXPECT_NE(base::read_file(at("net.onnx")).find("lenet_relu"), std::string::npos);
}

TEST_F(TrainedNetCli, EvalSaysEverythingOfFortyPictures) {
  write_halves(at("data"), 20, 2);
  const auto out =
      program_.json({"eval", "--run", run_, "--data", at("data"), "--dataset", "folder", "--out", at("pictures")});
  EXPECT_EQ(out["images"], 40);
  EXPECT_NEAR(out["test_accuracy"].get<double>(), 38. / 40, 1e-12);
  EXPECT_EQ(out["confusion"], base::Json::parse("[[18, 2], [0, 20]]"));
  EXPECT_EQ(out["top_k"]["k"], 2);
  EXPECT_EQ(out["top_k"]["accuracy"], 1.0);
  EXPECT_NEAR(out["per_class"][0]["recall"].get<double>(), .9, 1e-12);
  EXPECT_NEAR(out["per_class"][1]["precision"].get<double>(), 20. / 22, 1e-12);
  ASSERT_EQ(out["worst"].size(), 2u);
  EXPECT_EQ(out["worst"][0]["class"], "above");
  EXPECT_EQ(out["worst"][0]["predicted"], "below");
  size_t counted = 0;
  for (const auto& bin : out["calibration"]) counted += bin["images"].get<size_t>();
  EXPECT_EQ(counted, 40u);
  ASSERT_EQ(out["files"].size(), 2u);
  for (const auto& file : out["files"]) EXPECT_TRUE(image::is_picture(base::read_file(file.get<std::string>())));
  const auto views = program_.json({"eval", "--run", run_, "--data", at("data"), "--dataset", "folder", "--views"});
  EXPECT_EQ(views["confusion"], out["confusion"]) << "halves stay halves, mirrored or moved";
  const auto table = program_.run({"eval", "--run", run_, "--data", at("data"), "--dataset", "folder"}).out;
  EXPECT_NE(table.find("95.00 % of 40 pictures"), std::string::npos) << table;
}

TEST_F(TrainedNetCli, EvalRefusesOtherClasses) {
  write_halves(at("data"), 2, 0);
  base::fs::rename(at("data/train/above"), at("data/train/up"));
  base::fs::rename(at("data/test/above"), at("data/test/up"));
  const auto out = program_.json({"eval", "--run", run_, "--data", at("data"), "--dataset", "folder"}, 2);
  EXPECT_NE(out["error"]["message"].get<std::string>().find("the same classes in the same order"), std::string::npos)
      << out;
}

TEST_F(TrainedNetCli, WhatIsWrongIsNamed) {
  EXPECT_EQ(program_.json({"predict", "--run", at("nowhere"), at("up.png")}, 3)["error"]["code"], "not_found");
  base::write_file_atomic(at("broken.png"), "\x89PNG\r\n\x1a\n");
  const auto broken = program_.json({"predict", "--run", run_, at("broken.png")}, 5);
  EXPECT_NE(broken["error"]["message"].get<std::string>().find("broken.png"), std::string::npos);
  const auto other =
      program_.json({"import", "--model", "resnet18", "--weights", at("w.safetensors"), "--out", at("x")}, 5);
  EXPECT_NE(other["error"]["message"].get<std::string>().find("w.safetensors: tensor 'fc.weight' is missing"),
            std::string::npos)
      << other;
  EXPECT_FALSE(base::fs::exists(at("x"))) << "nothing is left of a failed import";
  EXPECT_EQ(program_.json({"import", "--model", "resnet19", "--weights", at("w.safetensors"), "--out", at("x")},
                          3)["error"]["code"],
            "not_found");
}

TEST(VisionModels, ListsWhatIsPublished) {
  const VisionProgram program;
  const auto out = program.json({"models"});
  std::map<std::string, uint64_t> parameters;
  for (const auto& m : out["models"]) {
    parameters[m["name"].get<std::string>() + "/" + m["variant"].get<std::string>()] = m["parameters"];
    EXPECT_GT(m["layers"].get<size_t>(), 4u);
    EXPECT_EQ(m["flops"].get<uint64_t>(), 2 * m["multiply_adds"].get<uint64_t>());
  }
  EXPECT_EQ(parameters.at("resnet50/imagenet"), 25557032u);
  EXPECT_EQ(parameters.at("resnet18/cifar"), 11173962u);
  EXPECT_EQ(parameters.at("lenet/imagenet"), 61706u);
  const auto one = program.json({"models", "vgg16", "--classes", "10"});
  EXPECT_EQ(one["models"][0]["parameters"], 134301514u);
  EXPECT_EQ(one["layers"][0]["kind"], "conv 3x3");
  EXPECT_EQ(program.json({"models", "vgg17"}, 3)["error"]["code"], "not_found");
}

TEST(VisionMeasure, GivesImagesASecond) {
  const VisionProgram program;
  const auto out =
      program.json({"measure", "--model", "lenet", "--batch", "3", "--seconds", "0", "--precision", "float32"});
  const double flops = program.json({"models", "lenet"})["models"][0]["flops"].get<double>();
  const auto number = [&](const char* key) { return out[key].get<double>(); };
  EXPECT_NEAR(number("forward_gflops_per_second"), 1e-9 * flops * number("forward_images_per_second"), 1e-6) << out;
  EXPECT_NEAR(number("train_gflops_per_second"), 3e-9 * flops * number("train_images_per_second"), 1e-6);
  EXPECT_GT(number("peak_gflops_per_second"), 0);
  EXPECT_GT(out["forward_images_per_second"].get<double>(), 0);
  EXPECT_GT(out["train_images_per_second"].get<double>(), 0);
  EXPECT_GT(out["peak_rss_bytes"].get<uint64_t>(), 1u << 20);
  EXPECT_FALSE(program.json({"measure", "--model", "cnn", "--batch", "1", "--seconds", "0", "--forward-only"})
                   .contains("train_images_per_second"));
  EXPECT_EQ(program.json({"measure", "--model", "alexnet", "--size", "20", "--seconds", "0"}, 2)["error"]["code"],
            "invalid");
}

TEST(VisionCompare, TrainsEveryNetUnderOneBudget) {
  const VisionProgram program;
  write_halves(program.folder() / "data", 16, 0);
  const std::string out = (program.folder() / "table").string();
  const auto json = program.json({"compare", "--models", "lenet_relu", "--models", "cnn", "--data",
                                  (program.folder() / "data").string(), "--dataset", "folder", "--epochs", "2", "--out",
                                  out, "--seconds", "0", "--batch", "4", "--precision", "float32"});
  ASSERT_EQ(json["models"].size(), 2u);
  for (const auto& row : json["models"]) {
    EXPECT_FALSE(row.contains("error")) << row;
    EXPECT_EQ(row["epochs"], 2) << row;
    EXPECT_GT(row["peak_rss_bytes"].get<uint64_t>(), 1u << 20);
    EXPECT_TRUE(base::fs::exists(row["run"].get<std::string>() + "/model.safetensors"));
  }
  EXPECT_EQ(json["models"][0]["layers"], 5);
  EXPECT_EQ(json["models"][1]["filters"], "3x3");
  const std::string table = base::read_file(out + "/comparison.md");
  EXPECT_EQ(std::count(table.begin(), table.end(), '\n'), 4) << table;
  const auto again =
      program.json({"compare", "--models", "cnn", "--data", (program.folder() / "data").string(), "--dataset", "folder",
                    "--epochs", "1", "--out", out, "--seconds", "0", "--batch", "4", "--precision", "float32"},
                   exit_status(Code::Exists));
  EXPECT_TRUE(again["models"][0].contains("error")) << again << ": the run is there already";
  EXPECT_EQ(program.json({"compare", "--models", "cnn", "--data", "x", "--dataset", "folder", "--out", out},
                         2)["error"]["code"],
            "invalid")
      << "no budget";
}

// A process that may write no file of more than some kilobytes is killed when it saves its net: after events of JSON,
// and without a word about why.
TEST(VisionCompare, ANetWhoseProcessIsKilledIsARowOfItsOwn) {
  const VisionProgram program;
  write_halves(program.folder() / "data", 8, 0);
  const auto at = [&](const char* name) { return (program.folder() / name).string(); };
  const auto result = base::run_process({"bash",
                                         "-c",
                                         "ulimit -f 100; exec \"$0\" \"$@\"",
                                         HANOK_TRAIN_PROGRAM,
                                         "vision",
                                         "compare",
                                         "--models",
                                         "lenet_relu",
                                         "--data",
                                         at("data"),
                                         "--dataset",
                                         "folder",
                                         "--epochs",
                                         "1",
                                         "--out",
                                         at("table"),
                                         "--seconds",
                                         "0",
                                         "--batch",
                                         "4",
                                         "--precision",
                                         "float32",
                                         "--json"},
                                        "", {.seconds = 300, .memory_bytes = uint64_t{1} << 50});
  ASSERT_EQ(result.exit_status, exit_status(Code::Exhausted)) << result.err;
  const auto row = base::parse_json(result.out, "compare")["models"][0];
  EXPECT_NE(row["error"].get<std::string>().find("train was ended by signal"), std::string::npos) << row;
  EXPECT_GT(row["train_images_per_second"].get<double>(), 0) << "what was measured before it is kept";
  EXPECT_FALSE(row.contains("test_accuracy"));
}

}  // namespace
}  // namespace hanok::test
