#include <gtest/gtest.h>

#include "base/file.h"
#include "chain/hub/hub.h"
#include "hanok/context.h"
#include "hub_server.h"

namespace hanok::chain::hub {
namespace {

class Pull : public testing::Test {
 protected:
  Code failure(const std::string& name) {
    try {
      pull(settings_, name);
    } catch (const Error& e) {
      message_ = e.what();
      return e.code();
    }
    return Code::Internal;
  }

  test::HubServer server_;
  base::TempFolder temp_;
  Settings settings_{.cache = temp_.path(), .endpoint = server_.endpoint()};
  std::string message_;
};

TEST_F(Pull, BringsWhatAModelNeeds) {
  uint64_t seen = 0;
  const Context::Scope scope(Context().with_progress([&](const Progress& p) { seen = p.done; }));
  const auto model = pull(settings_, "org/good");
  EXPECT_TRUE(model.complete);
  EXPECT_EQ(model.files.size(), 4u);  // neither the pickle nor onnx/
  EXPECT_EQ(model.origin, server_.endpoint());
  EXPECT_EQ(base::read_file(model.folder / "model.safetensors"), test::weights());
  EXPECT_TRUE(fs::is_symlink(model.folder / "1_Pooling/config.json"));
  EXPECT_TRUE(verify_model(model).empty());
  EXPECT_GT(seen, 200'000u);
  EXPECT_EQ(resolve_model(settings_, "org/good"), model.folder);
  EXPECT_EQ(pull(settings_, "org/good").folder, model.folder);  // nothing to do
}

TEST_F(Pull, GoesOnWhereItWasCutOff) {
  settings_.retries = 0;
  EXPECT_EQ(failure("org/cut"), Code::Unavailable);
  EXPECT_FALSE(find_model(settings_, "org/cut"));
  uint64_t kept = 0;
  for (const auto& entry : fs::directory_iterator(temp_.path() / "models--org--cut/blobs"))
    if (entry.path().extension() == ".incomplete") kept = entry.file_size();
  EXPECT_EQ(kept, 100'000u);
  const auto model = pull(settings_, "org/cut");
  EXPECT_EQ(base::read_file(model.folder / "model.safetensors"), test::weights());
}

TEST_F(Pull, TriesAgainByItself) { EXPECT_TRUE(pull(settings_, "org/cut").complete); }

TEST_F(Pull, RefusesAWrongChecksum) {
  EXPECT_EQ(failure("org/wrong"), Code::Corrupt);
  EXPECT_FALSE(find_model(settings_, "org/wrong"));
}

TEST_F(Pull, SaysWhyNot) {
  EXPECT_EQ(failure("org/none"), Code::NotFound);
  EXPECT_EQ(failure("org/gated"), Code::Unavailable);
  EXPECT_NE(message_.find("HF_TOKEN"), std::string::npos);
  settings_.token = "secret";
  EXPECT_TRUE(pull(settings_, "org/gated").complete);
  settings_.offline = true;
  EXPECT_EQ(failure("org/good"), Code::Unavailable);
  settings_.offline = false;
  settings_.endpoint = "http://127.0.0.1:1";
  EXPECT_EQ(failure("org/good"), Code::Unavailable);
  EXPECT_EQ(failure("no/such/name"), Code::Invalid);
}

TEST_F(Pull, OneOfSeveralGgufFiles) {
  const auto usual = pull(settings_, "org/gguf");
  EXPECT_TRUE(usual.complete);
  ASSERT_EQ(usual.files.size(), 1u);
  EXPECT_EQ(usual.files[0].name, "Model-Q4_K_M.gguf");
  EXPECT_EQ(resolve_language_model(settings_, "org/gguf"), usual.folder / "Model-Q4_K_M.gguf");
  EXPECT_EQ(pull(settings_, "org/gguf:q8_0").files.size(), 2u);  // beside the first
  const auto parts = pull(settings_, "org/gguf:F16");
  EXPECT_EQ(parts.files.size(), 4u);
  EXPECT_TRUE(verify_model(parts).empty());
  EXPECT_EQ(resolve_language_model(settings_, "org/gguf:F16"), parts.folder / "F16/Model-F16-00001-of-00002.gguf");
  EXPECT_EQ(resolve_language_model(settings_, "org/gguf:Q8_0"), parts.folder / "Model-Q8_0.gguf");
  EXPECT_EQ(failure("org/gguf:Q5_K_M"), Code::NotFound);
  EXPECT_NE(message_.find("Model-Q8_0.gguf"), std::string::npos) << message_;
  EXPECT_EQ(failure("org/good:Q8_0"), Code::NotFound);
}

}  // namespace
}  // namespace hanok::chain::hub
