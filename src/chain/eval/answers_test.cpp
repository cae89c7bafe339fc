#include "chain/eval/answers.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "base/file.h"
#include "chain/eval/calibrate.h"

namespace hanok::chain {
namespace {

namespace fs = std::filesystem;

fs::path shared(const char* name) {
  const char* set = std::getenv("HANOK_TEST_DATA");
  return fs::path(set ? set : HANOK_SOURCE_DIR "/../shared/data") / "retrieval" / name;
}

constexpr char kSmall[] = R"({"data":[
  {"title":"Animals","paragraphs":[{"context":"A hedgehog eats beetles. It sleeps in a nest of leaves.","qas":[
    {"id":"a","question":"What does a hedgehog eat?","answers":[{"text":"beetles","answer_start":16}]}]}]},
  {"title":"Library","paragraphs":[{"context":"The library was founded in 1921 by Anna Lund. It has 240 seats.","qas":[
    {"id":"b","question":"Who founded the library?","answers":[{"text":"Anna Lund","answer_start":35}]},
    {"id":"c","question":"Which moon circles Neptune backwards?","is_impossible":true,"answers":[]}]}]}]})";

TEST(EvalAnswers, SmallSet) {
  base::TempFolder folder;
  base::write_file_atomic(folder.path() / "small.json", kSmall);
  const SquadSet set = load_squad(folder.path() / "small.json");
  ASSERT_EQ(set.questions.size(), 3u);
  const AnswersReport report = evaluate_answers(set, {.half = Half::All});
  EXPECT_EQ(report.questions, 3u);
  EXPECT_EQ(report.citation_correct, 1);
  EXPECT_EQ(report.sentence_hit, 1);
  EXPECT_EQ(report.abstained_unanswerable, 1);
  EXPECT_EQ(report.curve.size(), 19u);
  EXPECT_EQ(to_json(report)["questions"], 3);
  EXPECT_EQ(evaluate_answers(set, {.half = Half::Even}).questions, 1u);
  EXPECT_EQ(evaluate_answers(set, {.half = Half::All, .sample = 2}).questions, 2u);
  const AnswersReport pools = evaluate_answers(set, {.half = Half::All, .pool = 1});
  EXPECT_EQ(pools.questions, 3u);
  EXPECT_EQ(pools.citation_correct, 1);
  EXPECT_EQ(pools.abstained_unanswerable, 1);
  for (Step step : {Step::ShortAnswers, Step::Sentences, Step::Confidence})
    EXPECT_FALSE(calibrate({set}, step, {.half = Half::All}).empty());
}

TEST(EvalAnswers, WhatWasLearnedSaysWhichCommandWroteIt) {
  const fs::path folder = HANOK_SOURCE_DIR "/src/chain/answer";
  size_t files = 0;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() != ".inc") continue;
    ++files;
    const std::string text = base::read_file(entry.path(), 1 << 20);
    EXPECT_TRUE(text.starts_with("// Written by: hanok eval calibrate ")) << entry.path();
    EXPECT_NE(text.substr(0, text.find('\n')).find(" --write src/chain/answer"), std::string::npos) << entry.path();
  }
  EXPECT_EQ(files, 7u);
}

TEST(EvalAnswers, LearnedNumbersAreWrittenWhereTheyAreCompiledIn) {
  base::TempFolder folder;
  const std::string both = "/* kEnglish */ {1},\n/* kKorean */ {2},\n";
  EXPECT_THROW(write_learned(folder.path(), Step::Confidence, false, "hanok eval", both), Error) << "not that folder";
  base::write_file_atomic(folder.path() / "confidence_words.inc", std::string("old"));
  EXPECT_THROW(write_learned(folder.path(), Step::Confidence, false, "hanok eval", "/* kKorean */ {2},\n"), Error);
  write_learned(folder.path(), Step::Confidence, false, "hanok eval", both);
  EXPECT_EQ(base::read_file(folder.path() / "confidence_words.inc", 1 << 20), "// Written by: hanok eval\n" + both);
  EXPECT_THROW(step_named("sentence"), Error);
}

TEST(EvalAnswers, DamagedSetsSayWhere) {
  base::TempFolder folder;
  for (const char* text :
       {"[]", "{\"data\":[{}]}", "{\"data\":[{\"paragraphs\":[{\"context\":3}]}]}", "{", "{\"data\":[3]}"}) {
    base::write_file_atomic(folder.path() / "bad.json", text);
    EXPECT_THROW(load_squad(folder.path() / "bad.json"), Error) << text;
  }
  EXPECT_THROW(load_squad(folder.path() / "none.json"), Error);
}

// Floors a little below the figures of docs/how-answers-work.md, on a sample that runs in seconds.
TEST(EvalAnswers, SharedSetsStayGood) {
  struct Floor {
    const char* file;
    double em, hit, cited, answered, abstained, exchanged;
  };
  for (const Floor& f : {Floor{"xquad/xquad.en.json.gz", .22, .78, .91, .84, .83, .82},
                         Floor{"korquad/KorQuAD_v1.0_dev.json.gz", .36, .73, .86, .73, .83, .80}}) {
    if (!fs::exists(shared(f.file))) continue;  // the small set above runs everywhere
    const AnswersReport r = evaluate_answers(load_squad(shared(f.file)), {.sample = 150, .seed = 3});
    EXPECT_GE(r.em, f.em) << f.file;
    EXPECT_GE(r.sentence_hit, f.hit) << f.file;
    EXPECT_GE(r.citation_correct, f.cited) << f.file;
    EXPECT_GE(r.answered_answerable, f.answered) << f.file;
    EXPECT_GE(r.abstained_unanswerable, f.abstained) << f.file;
    EXPECT_GE(r.abstained_exchanged, f.exchanged) << f.file;
  }
}

}  // namespace
}  // namespace hanok::chain
