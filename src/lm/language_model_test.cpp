// Whole models: text in, text out. With real models at hand (HANOK_MODELS) their golden runs too.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <sstream>

#include "hanok/context.h"
#include "hanok/generate.h"
#include "lm/grammar/json_schema.h"
#include "lm/test_data.h"
#include "lm/text_stream.h"
#include "lm/tiny_model.h"
#include "text/utf8.h"

namespace hanok::lm {
namespace {

std::filesystem::path golden_lm(const char* name) { return test_data() / "golden" / "lm" / name; }

// Letters as tokens; 1000 + b: a byte.
std::string spell(std::span<const int32_t> ids) {
  std::string out;
  for (const int32_t id : ids) out += static_cast<char>(id >= 1000 ? id - 1000 : id);
  // As a tokenizer shows a character that is not complete.
  std::string shown;
  for (size_t i = 0; i < out.size();) {
    const auto c = static_cast<unsigned char>(out[i]);
    const size_t n = c < 0x80 ? 1 : c >= 0xE0 ? 3 : 2;
    shown += i + n <= out.size() ? out.substr(i, n) : "\xEF\xBF\xBD";
    i += n;
  }
  return shown;
}

TEST(TextStream, WholeCharactersOnly) {
  TextStream stream(spell, {});
  const std::string text = "a한b";
  std::string out;
  std::vector<std::string> pieces;
  for (const char c : text) pieces.push_back(stream.add(static_cast<unsigned char>(c) + (c & 0x80 ? 1000 : 0)));
  EXPECT_EQ(pieces, (std::vector<std::string>{"a", "", "", "한", "b"}));
}

TEST(TextStream, StopStringsAcrossTokens) {
  TextStream stream(spell, {"STOP"});
  std::string out;
  for (const char c : std::string("go SSTOP on")) out += stream.add(c);
  EXPECT_TRUE(stream.stopped());
  EXPECT_EQ(out + stream.finish(), "go S");
  TextStream other(spell, {"STOP"});
  out.clear();
  for (const char c : std::string("a STO")) out += other.add(c);
  EXPECT_EQ(out, "a ");  // held back: it may become the stop string
  EXPECT_EQ(out + other.finish(), "a STO");
}

// As SentencePiece's decoders do it: a run of byte tokens that is not UTF-8 as a whole is no text, byte by byte.
std::string spell_runs(std::span<const int32_t> ids) {
  std::string out;
  for (size_t i = 0; i < ids.size();) {
    if (ids[i] < 1000) {
      out += static_cast<char>(ids[i++]);
      continue;
    }
    std::string run;
    for (; i < ids.size() && ids[i] >= 1000; ++i) run += static_cast<char>(ids[i] - 1000);
    if (text::valid_utf8(run))
      out += run;
    else
      for (size_t b = 0; b < run.size(); ++b) out += "\xEF\xBF\xBD";
  }
  return out;
}

TEST(TextStream, ManyCharactersOfByteTokens) {
  const std::string text = "한국어😀😀😀 그리고 😀";
  for (size_t before = 0; before < text.size(); ++before) {
    if ((text[before] & 0xC0) == 0x80) continue;  // what stands before is whole
    std::vector<int32_t> ids;
    for (const char c : text) ids.push_back(static_cast<unsigned char>(c) + (c & 0x80 ? 1000 : 0));
    TextStream stream(spell_runs, {}, std::span(ids).first(before));
    std::string out;
    for (size_t i = before; i < ids.size(); ++i) out += stream.add(ids[i]);
    EXPECT_EQ(out + stream.finish(), text.substr(before)) << before;
  }
}

class TinyModel : public testing::Test {
 protected:
  static std::vector<int32_t> prompt() {
    base::Random random(21);
    std::vector<int32_t> ids(40);
    for (auto& id : ids) id = 259 + static_cast<int32_t>(random.below(28));  // a blank, letters, a full stop
    return ids;
  }
  base::TempFolder folder_;
  const std::filesystem::path file_ = write_tiny_model(folder_.path(), 6);
};

TEST_F(TinyModel, BatchesAndCachesChangeNothing) {
  const LanguageModel model(file_);
  auto ids = prompt();
  std::vector<std::vector<int32_t>> prompts{ids, {ids.begin(), ids.begin() + 9}, {ids.begin(), ids.begin() + 30}};
  std::vector<GenerateOptions> options(3, {.max_tokens = 20, .ignore_end = true});
  options[1].sampling.seed = 5;
  options[2].max_tokens = 7;
  const auto together = model.generate_all(prompts, options);
  const LanguageModel fresh(file_);
  for (size_t i = 0; i < 3; ++i) {
    const auto alone = fresh.generate(prompts[i], options[i]), again = fresh.generate(prompts[i], options[i]);
    EXPECT_EQ(together[i].ids, alone.ids);
    EXPECT_EQ(again.ids, alone.ids);
    EXPECT_EQ(again.cached_tokens, prompts[i].size() < 17 ? 0 : prompts[i].size() - 1);
    EXPECT_EQ(together[i].text, alone.text);
  }
}

TEST_F(TinyModel, LimitsAreSaid) {
  const LanguageModel model(file_, {.context_tokens = 48});
  const auto ids = prompt();
  EXPECT_EQ(model.generate(ids, {.max_tokens = 3, .sampling = {.temperature = 0}, .ignore_end = true}).finish,
            Finish::Length);
  const auto full = model.generate(ids, {.max_tokens = 100, .sampling = {.temperature = 0}, .ignore_end = true});
  EXPECT_EQ(full.finish, Finish::Context);
  EXPECT_EQ(full.ids.size() + ids.size(), 48u);
  std::vector<int32_t> long_prompt(48, 5);
  try {
    model.generate(long_prompt);
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), Code::Exhausted);
    EXPECT_NE(std::string(e.what()).find("48 tokens"), std::string::npos) << e.what();
  }
  EXPECT_THROW(model.generate({}), Error);
  EXPECT_THROW(model.perplexity({}, 16), Error) << "of nothing there is none";
  EXPECT_THROW(model.generate(std::vector<int32_t>{1, 999999}), Error);
  for (const int32_t id : {-1, 999999})
    EXPECT_THROW(model.generate(ids, {.sampling = {.logit_bias = {{id, 1.0f}}}}), Error) << id;
}

TEST_F(TinyModel, CancellingEndsWithinAToken) {
  const LanguageModel model(file_);
  size_t pieces = 0;
  const auto out =
      model.generate(prompt(), {.max_tokens = 100, .ignore_end = true}, [&](std::string_view) { return ++pieces < 3; });
  EXPECT_EQ(out.finish, Finish::Cancelled);
  EXPECT_EQ(pieces, 3u);
  CancelSource stop;
  const Context context = Context().with_cancel(stop);
  const Context::Scope scope(context);
  pieces = 0;
  EXPECT_THROW(model.generate(prompt(), {.max_tokens = 100, .ignore_end = true},
                              [&](std::string_view) {
                                if (++pieces == 2) stop.cancel();
                                return true;
                              }),
               Error);
  EXPECT_EQ(pieces, 2u);
}

TEST_F(TinyModel, ConstrainedTexts) {
  const LanguageModel model(file_);
  const std::string schema =
      R"({"type":"object","properties":{"n":{"type":"integer","minimum":10,"maximum":99},"ok":{"type":"boolean"}},"required":["n","ok"],"additionalProperties":false})";
  std::vector<GenerateOptions> all;
  std::vector<std::vector<int32_t>> prompts;
  for (uint64_t seed = 0; seed < 6; ++seed) {
    GenerateOptions o{.max_tokens = 40, .sampling = {.temperature = 1.5f, .seed = seed}, .constraint = {}};
    if (seed % 3 == 0) o.constraint.json_schema = schema;
    if (seed % 3 == 1) o.constraint.regex = "[a-f]{3}-(x|yz)";
    if (seed % 3 == 2) o.constraint.grammar = "root ::= \"(\" root \")\" | \"o\"";
    all.push_back(o);
    prompts.push_back(prompt());
  }
  const auto together = model.generate_all(prompts, all);
  for (size_t i = 0; i < all.size(); ++i) {
    const auto alone = model.generate(prompts[i], all[i]);
    EXPECT_EQ(alone.ids, together[i].ids);
    EXPECT_EQ(alone.finish, Finish::Stop) << alone.text;
    if (i % 3 == 0) {
      const auto value = base::Json::parse(alone.text);
      EXPECT_TRUE(value["ok"].is_boolean() && value["n"] >= 10 && value["n"] <= 99) << alone.text;
    } else if (i % 3 == 1) {
      EXPECT_TRUE(alone.text.ends_with("-x") || alone.text.ends_with("-yz")) << alone.text;
    } else {
      const size_t depth = alone.text.find('o');
      EXPECT_EQ(alone.text, std::string(depth, '(') + "o" + std::string(depth, ')'));
    }
  }
  // What cannot be kept to is said.
  GenerateOptions bad{.constraint = {.json_schema = R"({"not":{}})", .regex = {}, .grammar = {}}};
  EXPECT_THROW(model.generate(prompts[0], bad), Error);
  bad.constraint = {.json_schema = "{}", .regex = "a", .grammar = {}};
  EXPECT_THROW(model.generate(prompts[0], bad), Error);
}

TEST_F(TinyModel, LogitsOfTheLastPositions) {
  const LanguageModel model(file_, {.exact = true});
  const auto ids = prompt();
  const Matrix all = model.logits(ids), last = model.logits(ids, 3);
  ASSERT_EQ(last.rows, 3u);
  EXPECT_TRUE(std::equal(last.data.begin(), last.data.end(), all.data.end() - static_cast<ptrdiff_t>(3 * all.dim)));
}

// Real models with weights as they are and float activations: class A of the golden runs' README.
TEST(RealModels, GoldenRunsAndPerplexity) {
  const char* models = std::getenv("HANOK_MODELS");
  if (!models || !std::filesystem::exists(golden_lm("real"))) GTEST_SKIP() << "no real models at hand";
  struct Real {
    const char *name, *file;
    double margin;
    size_t cases, chunks;  // how many are run here: the rest takes minutes
  };
  for (const Real& r : {Real{"smollm2", "SmolLM2-135M-Instruct.Q4_1.gguf", 0.005, 3, 2},
                        Real{"gemma3", "gemma-3-270m-Q4_K_M.gguf", 0.02, 2, 1}}) {
    const auto path = std::filesystem::path(models) / r.name / r.file;
    if (!std::filesystem::exists(path)) continue;
    SCOPED_TRACE(r.name);
    const LanguageModel model(path, {.exact = true});
    const auto golden = read_json(golden_lm("real") / r.name / "cases.json");
    const bool everything = std::getenv("HANOK_TEST_ALL") != nullptr;
    size_t seen = 0;
    for (const auto& c : golden["cases"]) {
      if (!everything && seen++ == r.cases) break;
      SCOPED_TRACE(c["name"].get<std::string>());
      if (c.contains("messages") && std::string(r.name) == "smollm2") {
        std::vector<Turn> turns;
        for (const auto& m : c["messages"]) turns.push_back({m["role"], m["content"]});
        EXPECT_EQ(model.chat_text(turns), c["prompt_text"].get<std::string>());
      }
      const auto ids = c["prompt_ids"].get<std::vector<int32_t>>();
      const auto& exact = c["exact"];
      const auto want = exact["greedy_ids"].get<std::vector<int32_t>>();
      const auto out = model.generate(ids, {.max_tokens = want.size(), .sampling = {.temperature = 0}});
      for (size_t i = 0; i < want.size(); ++i) {
        if (i == out.ids.size()) {  // ended: the golden run's last token is the end
          EXPECT_EQ(i + 1, want.size());
          break;
        }
        if (out.ids[i] == want[i]) continue;
        EXPECT_LT(exact["margins"][i].get<double>(), r.margin) << "step " << i;
        EXPECT_EQ(out.ids[i], exact["runner_up_ids"][i].get<int32_t>());
        break;
      }
      const Matrix first = model.logits(ids, 1);
      const auto sample = exact["first_logits_sample"].get<std::vector<double>>();
      const size_t stride = golden["first_logits_sample_stride"];
      double worst = 0;
      for (size_t i = 0; i < sample.size(); ++i)
        worst = std::max(worst, std::fabs(double(first.data[i * stride]) - sample[i]));
      EXPECT_LT(worst, 2e-3);
    }
    const auto about = read_json(golden_lm("real") / r.name / "perplexity.json");
    auto text = about["token_ids"].get<std::vector<int32_t>>();
    if (!everything) continue;
    EXPECT_NEAR(model.perplexity(text).nll, about["mean_nll"]["exact_float64"].get<double>(), 5e-4);
  }
}

// Whatever the model would like to say: each schema of the golden set, drawn hot, with little room.
TEST(RealModels, ConstrainedTextsAlwaysSatisfy) {
  const char* models = std::getenv("HANOK_MODELS");
  const auto cases = golden_lm("jsonschema") / "cases.jsonl";
  const auto path = std::filesystem::path(models ? models : "") / "smollm2" / "SmolLM2-135M-Instruct.Q4_1.gguf";
  if (!models || !std::filesystem::exists(path) || !std::filesystem::exists(cases))
    GTEST_SKIP() << "no real model at hand";
  const LanguageModel model(path);
  std::istringstream lines(base::read_file(cases));
  const Turn turns[] = {{"user", "Describe a town as JSON."}};
  const auto prompt = model.chat_prompt(turns);
  std::vector<base::OrderedJson> schemas;
  std::vector<GenerateOptions> options;
  for (std::string line; std::getline(lines, line);) {
    const auto row = base::OrderedJson::parse(line);
    if (!std::getenv("HANOK_TEST_ALL") && schemas.size() == 16) break;
    schemas.push_back(row["schema"]);
    GenerateOptions o{.max_tokens = 160, .sampling = {.temperature = 1.3f, .seed = schemas.size()}, .constraint = {}};
    o.constraint.json_schema = row["schema"].dump();
    options.push_back(o);
  }
  const std::vector<std::vector<int32_t>> prompts(schemas.size(), prompt);
  const auto out = model.generate_all(prompts, options);
  for (size_t i = 0; i < out.size(); ++i) {
    EXPECT_EQ(out[i].finish, Finish::Stop) << schemas[i].dump() << "\n" << out[i].text;
    EXPECT_TRUE(grammar::schema_holds(schemas[i], base::OrderedJson::parse(out[i].text))) << out[i].text;
  }
}

}  // namespace
}  // namespace hanok::lm
