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

TEST(ExampleQuestions, WhatIsNotThereIsNotAnswered) {
  if (!e5()) GTEST_SKIP() << "multilingual-e5-small is not here (HANOK_MODELS)";
  for (const char* question : {"Who won the 1998 chess final?", "양자 컴퓨터의 큐비트 수는 얼마인가?",
                               "What is the boiling point of tungsten?", "수영장은 몇 시에 여나요?",
                               "주차 요금은 얼마인가요?", "Who is the mayor of Busan?"}) {
    const Answer a = ask(documents(), question, {.search = {.k = 8, .embedder = e5()}});
    EXPECT_FALSE(a.answered) << question << " -> " << a.answer << " " << a.confidence;
  }
}

}  // namespace
}  // namespace hanok::chain
