// The questions that the examples come with, asked with a real embedding model as the commands use it. With words alone
// they are asked in tests/cli.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "base/file.h"
#include "base/json.h"
#include "hanok/chain.h"
#include "hanok/lm.h"

namespace hanok::chain {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

const fs::path kExamples = fs::path(HANOK_SOURCE_DIR) / "examples";

/// multilingual-e5-small, read once; nullptr where it is not here.
const EmbeddingModel* e5() {
  static const std::unique_ptr<EmbeddingModel> model = []() -> std::unique_ptr<EmbeddingModel> {
    const char* models = std::getenv("HANOK_MODELS");
    if (!models || !fs::exists(fs::path(models) / "e5" / "config.json")) return nullptr;
    return make_embedder(
        std::make_shared<Embedder>(fs::path(models) / "e5", EmbedderOptions{.precision = Precision::Int8}));
  }();
  return model.get();
}

/// The example documents with their vectors, read once.
const store::Snapshot& documents() {
  static const base::TempFolder folder;
  static const auto store = store::Store::open(folder.path());
  static const auto snapshot = [] {
    const auto collection = store->collection("default", true);
    const fs::path docs = kExamples / "docs";
    ingest(*collection, {&docs, 1}, {.embedder = e5()});
    return collection->snapshot();
  }();
  return *snapshot;
}

void expect_answers(const char* file) {
  if (!e5()) GTEST_SKIP() << "multilingual-e5-small is not here (HANOK_MODELS)";
  const auto questions = base::parse_json(base::read_file(kExamples / file), file);
  ASSERT_GE(questions.size(), 15u);
  for (const auto& q : questions) {
    const Answer a = ask(documents(), q["question"].get<std::string>(), {.search = {.k = 8, .embedder = e5()}});
    EXPECT_TRUE(a.answered) << q["question"] << " " << a.confidence;
    if (a.citations.empty()) continue;
    EXPECT_THAT(a.citations[0].path, HasSubstr(q["path"].get<std::string>())) << q["question"];
    EXPECT_THAT(a.answer, HasSubstr(q["answer_contains"].get<std::string>())) << q["question"];
  }
}

TEST(ExampleQuestions, AreAnsweredByTheirSentence) { expect_answers("questions.json"); }

// Not all of examples/questions-across.json is answered; these are.
TEST(ExampleQuestions, AcrossLanguages) {
  if (!e5()) GTEST_SKIP() << "multilingual-e5-small is not here (HANOK_MODELS)";
  for (const auto& [question, holds] : {std::pair{"와이파이 비밀번호가 뭐예요?", "nine-magpies-1932"},
                                        {"언제 체크아웃해야 하나요?", "11:00"},
                                        {"회원 카드를 잃어버리면 얼마를 내야 하나요?", "2,000 won"},
                                        {"이 집은 누가 지었나요?", "Han Deok-su"},
                                        {"도서관은 토요일에 몇 시까지 하나요?", "9:00 to 17:00"},
                                        {"What is the name of the cat?", "먹물"}}) {
    const Answer a = ask(documents(), question, {.search = {.k = 8, .embedder = e5()}});
    EXPECT_TRUE(a.answered) << question << " " << a.confidence;
    EXPECT_THAT(a.answer, HasSubstr(holds)) << question;
  }
  for (const char* question : {"도서관은 토요일에 몇 시까지 하나요?", "토요일에 도서관은 몇 시에 닫나요?"}) {
    const Answer a = ask(documents(), question, {.search = {.k = 8, .embedder = e5()}});
    const auto& shown = a.answered ? a.citations : a.nearest;
    ASSERT_FALSE(shown.empty()) << question;
    EXPECT_THAT(shown[0].quote, HasSubstr("9:00 to 17:00")) << question << " " << a.answered << " " << a.confidence;
  }
}

// Another sentence has more of the question's words, and a time: that of a full moon's evening.
TEST(ExampleQuestions, TheDayDecidesBetweenSentences) {
  if (!e5()) GTEST_SKIP() << "multilingual-e5-small is not here (HANOK_MODELS)";
  for (const auto& [question, row] :
       {std::pair{"When is the library open on Saturdays?", "Saturday; hours: 9:00"},
        {"When does the library open on Wednesday?", "Tuesday to Friday; hours: 10:00"}}) {
    const Answer a = ask(documents(), question, {.search = {.k = 8, .embedder = e5()}});
    ASSERT_TRUE(a.answered) << question << " " << a.confidence;
    EXPECT_THAT(a.citations[0].quote, HasSubstr(row)) << question;
  }
}

TEST(ExampleQuestions, WhatIsNotThereIsNotAnswered) {
  if (!e5()) GTEST_SKIP() << "multilingual-e5-small is not here (HANOK_MODELS)";
  for (const char* question : {"Who won the 1998 chess final?", "양자 컴퓨터의 큐비트 수는 얼마인가?",
                               "What is the boiling point of tungsten?", "수영장은 몇 시에 여나요?",
                               "주차 요금은 얼마인가요?", "Who is the mayor of Busan?",
                               // Fees and a library are there, copies and who heads it are not.
                               "복사 요금은 얼마인가요?", "도서관장은 누구인가요?",
                               // A museum is asked about, and the library's hours are there.
                               "박물관은 토요일에 몇 시까지 하나요?"}) {
    const Answer a = ask(documents(), question, {.search = {.k = 8, .embedder = e5()}});
    EXPECT_FALSE(a.answered) << question << " -> " << a.answer << " " << a.confidence;
  }
}

}  // namespace
}  // namespace hanok::chain
