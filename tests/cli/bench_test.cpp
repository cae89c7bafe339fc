// hanok bench as programs use it.
#include <gmock/gmock.h>

#include "program.h"

namespace hanok::test {
namespace {

TEST(CliBench, MeasuresAModelThatItWrote) {
  Program hanok;
  const std::string file = hanok.folder() / "tiny.gguf";
  const auto written = hanok.json({"bench", "lm", "--write", "llama-tiny", "Q4_K_M", file});
  EXPECT_EQ(written["bytes"], base::fs::file_size(file));
  const auto out = hanok.json({"bench", "lm", "-m", file, "--prompt", "20", "--gen", "4", "--batch", "1,3"});
  EXPECT_GT(out["prefill_tokens_per_second"].get<double>(), 0);
  EXPECT_EQ(keys(out["decode"]), (std::vector<std::string>{"1", "3"}));
  for (const auto& rate : out["decode"]) EXPECT_GT(rate.get<double>(), 0);
  for (const char* key : {"load_seconds", "first_token_seconds", "read_gb_per_second"})
    EXPECT_GT(out[key].get<double>(), 0) << key;
  EXPECT_GE(out["most_rss_bytes"].get<uint64_t>(), out["rss_bytes"].get<uint64_t>());
  EXPECT_GT(out["rss_bytes"].get<uint64_t>(), base::fs::file_size(file));
  EXPECT_FALSE(out["kernel"].get<std::string>().empty());
}

TEST(CliBench, SaysWhatIsWrong) {
  Program hanok;
  const std::string file = hanok.folder() / "tiny.gguf";
  constexpr int kUsage = 2;
  hanok.json({"bench", "lm", "--write", "llama-tiny", "Q4_K_M"}, kUsage);
  hanok.json({"bench", "lm", "--write", "llama-tiny", "Q5", file}, kUsage);
  for (const char* batch : {"1,", "0", "x", "9999"}) hanok.json({"bench", "lm", "-m", file, "--batch", batch}, kUsage);
  hanok.json({"bench", "lm", file}, kUsage);
  EXPECT_FALSE(base::fs::exists(file));
}

}  // namespace
}  // namespace hanok::test
