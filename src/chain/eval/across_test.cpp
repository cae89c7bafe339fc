#include "chain/eval/across.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "base/file.h"
#include "base/json.h"
#include "chain/eval/calibrate.h"

namespace hanok::chain {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

constexpr char kEnglish[] = R"({"data":[{"title":"A","paragraphs":[
  {"context":"A hedgehog eats beetles.","qas":[
    {"id":"h","question":"What does a hedgehog eat?","answers":[{"text":"beetles","answer_start":16}]}]},
  {"context":"The garden closes at sunset.","qas":[]}]}]})";
constexpr char kKorean[] = R"({"data":[{"title":"B","paragraphs":[
  {"context":"보증금은 3월 15일까지 내야 합니다.","qas":[
    {"id":"d","question":"보증금은 언제까지 내야 하나요?","answers":[{"text":"3월 15일","answer_start":5}]}]}]}]})";
constexpr char kQuestions[] = R"({
  "ko-en":[{"id":"1","text":"고슴도치는 무엇을 먹나요?","gold":"x0","from":"h"}],
  "en-ko":[{"id":"2","text":"Until when must the deposit be paid?","gold":"k0"}]})";

class AcrossTest : public testing::Test {
 protected:
  AcrossTest() {
    write("x.json", kEnglish);
    write("k.json", kKorean);
  }
  fs::path write(const std::string& name, const std::string& text) {
    base::write_file_atomic(folder_.path() / name, text);
    return folder_.path() / name;
  }
  std::vector<AcrossPart> load(const std::string& questions) {
    return load_across(write("questions.json", questions),
                       {{"x", folder_.path() / "x.json"}, {"k", folder_.path() / "k.json"}});
  }
  base::TempFolder folder_;
};

TEST_F(AcrossTest, OnePoolWithTheParagraphsByTurns) {
  const auto parts = load(kQuestions);
  ASSERT_EQ(parts.size(), 4u);
  std::vector<std::string> names, paths;
  for (const auto& part : parts) names.push_back(part.name);
  EXPECT_THAT(names, testing::UnorderedElementsAre("ko-en", "en-ko", "own x", "own k"));
  for (const auto& p : parts[0].set.paragraphs) paths.push_back(p.path);
  EXPECT_THAT(paths, testing::ElementsAre("x/0/0", "k/0/0", "x/0/1"));
  EXPECT_EQ(parts[0].set.paragraphs[1].article % 2, 0u) << "article 0 of its set stays even";
  for (const auto& part : parts) {
    ASSERT_EQ(part.set.questions.size(), 1u);
    const auto& q = part.set.questions[0];
    EXPECT_EQ(part.set.paragraphs[q.paragraph].path, part.name == "ko-en" || part.name == "own x" ? "x/0/0" : "k/0/0");
    EXPECT_EQ(q.answers.size(), part.name == "en-ko" ? 0u : 1u);
  }
}

TEST_F(AcrossTest, WithoutAModelOnlyTheOwnLanguageIsAnswered) {
  for (const auto& report : evaluate_across(load(kQuestions), {.half = Half::All})) {
    EXPECT_EQ(report.questions, 1u);
    EXPECT_EQ(report.abstained, 1) << report.name;
    if (report.name == "own k") continue;  // words of one short sentence: answered or not
    const double own = report.name == "own x";
    EXPECT_EQ(report.answered, own) << report.name;
    EXPECT_EQ(report.cited, own) << report.name;
    EXPECT_EQ(report.right, own) << report.name;
    EXPECT_EQ(report.shown, own) << report.name;
    EXPECT_EQ(to_json(report)["name"], report.name);
  }
  EXPECT_THROW(calibrate_across(load(kQuestions), {}), Error) << "no model";
}

TEST_F(AcrossTest, DamagedQuestionsSayWhere) {
  for (const auto& [questions, says] : {std::pair{"[]", "object"},
                                        {R"({"a":3})", "list"},
                                        {R"({"a":[{"id":"1","text":"?"}]})", "'gold'"},
                                        {R"({"a":[{"id":"1","text":"?","gold":"x9"}]})", "x9"},
                                        {R"({"a":[{"id":"1","text":"?","gold":"z0"}]})", "z0"},
                                        {R"({"a":[{"id":"1","text":"?","gold":"x0","from":"q"}]})", "'from'"}}) {
    try {
      load(questions);
      ADD_FAILURE() << questions;
    } catch (const Error& e) {
      EXPECT_THAT(e.what(), HasSubstr(says)) << questions;
    }
  }
}

/// multilingual-e5-small; nullptr where it is not here.
std::unique_ptr<EmbeddingModel> e5() {
  const char* models = std::getenv("HANOK_MODELS");
  if (!models || !fs::exists(fs::path(models) / "e5" / "config.json")) return nullptr;
  return make_embedder(std::make_shared<Embedder>(fs::path(models) / "e5"));
}

/// Texts in a collection of their own, with vectors.
struct Folder {
  Folder(const std::vector<std::pair<std::string, std::string>>& texts, const EmbeddingModel& model) {
    collection->set_vector_space(model.space());
    for (const auto& [path, text] : texts) {
      store::NewDocument d;
      d.info.path = path;
      d.info.content_hash = path;
      d.text = text;
      d.chunks = text::split({.text = d.text});
      std::vector<std::string> passages;
      for (const auto& c : d.chunks)
        passages.push_back(passage_text(c.heading, text.substr(c.span.start, c.span.end - c.span.start)));
      d.vectors = model.embed(passages, Prompt::Passage).data;
      collection->put(std::move(d));
    }
  }
  base::TempFolder folder;
  std::unique_ptr<store::Store> store = store::Store::open(folder.path());
  std::shared_ptr<store::Collection> collection = store->collection("default", true);
};

TEST(AskAcross, AForeignSentenceAnswers) {
  const auto model = e5();
  if (!model) GTEST_SKIP() << "multilingual-e5-small is not here (HANOK_MODELS)";
  const Folder f({{"minutes.txt", "The board voted 5 to 2 to repair the roof. The repair will cost 18,400 euros.\n"},
                  {"policy.txt", "Refunds are given within seven days with the receipt.\n"},
                  {"계약.txt", "보증금은 1,500,000원이며 3월 15일까지 내야 합니다.\n"},
                  {"garden.txt", "The garden closes at sunset.\n"}},
                 *model);
  const Answer a = ask(*f.collection, "환불은 며칠 안에 되나요?", {.search = {.embedder = model.get()}});
  EXPECT_TRUE(a.answered) << a.confidence;
  EXPECT_THAT(a.answer.substr(0, a.answer.find('\n')), HasSubstr("seven days"));
  for (const char* question : {"직원은 몇 명인가요?", "주차장은 어디에 있나요?", "Who founded the company?"}) {
    const Answer none = ask(*f.collection, question, {.search = {.embedder = model.get()}});
    EXPECT_FALSE(none.answered) << question << " -> " << none.answer << " " << none.confidence;
  }
}

TEST(AskAcross, OneLanguageThatIsNotTheQuestions) {
  const auto model = e5();
  if (!model) GTEST_SKIP() << "multilingual-e5-small is not here (HANOK_MODELS)";
  const Folder f({{"minutes.txt", "The board voted 5 to 2 to repair the roof. The repair will cost 18,400 euros.\n"},
                  {"policy.txt", "Refunds are given within seven days with the receipt.\n"},
                  {"garden.txt", "The garden closes at sunset.\n"}},
                 *model);
  const Answer a = ask(*f.collection, "환불은 며칠 안에 되나요?", {.search = {.embedder = model.get()}});
  EXPECT_TRUE(a.answered) << a.confidence;
  EXPECT_THAT(a.answer, HasSubstr("seven days"));
}

TEST(AskAcross, ACodeIsTheSameInEveryLanguage) {
  const auto model = e5();
  if (!model) GTEST_SKIP() << "multilingual-e5-small is not here (HANOK_MODELS)";
  const Folder f({{"parts.txt", "Part AX-77B costs 40,000 won. Call 010-5555-0199. Wi-Fi is free.\n"},
                  {"garden.txt", "The garden closes at sunset.\n"}},
                 *model);
  const Answer a = ask(*f.collection, "AX-77B 가격", {.search = {.embedder = model.get()}});
  const std::string first = a.answered ? a.answer : a.nearest.at(0).quote;
  EXPECT_THAT(first.substr(0, first.find('\n')), HasSubstr("40,000 won")) << a.answered << " " << a.confidence;
}

TEST(AskWithMeaning, AnotherOfTheSameKindIsNotTheOneAskedFor) {
  const auto model = e5();
  if (!model) GTEST_SKIP() << "multilingual-e5-small is not here (HANOK_MODELS)";
  const Folder f({{"지점.txt",
                   "대전 지점 전화번호는 042-555-0134입니다. 지점장은 윤서진입니다.\n"
                   "광주 지점 전화번호는 062-555-0177입니다. 지점장은 백도현입니다.\n"},
                  {"팀.txt", "요가 수업은 매주 화요일 저녁 7시에 합니다. 김민지 팀장의 생일은 4월 2일입니다.\n"},
                  {"vpn.txt", "VPN에 접속이 안 되면 먼저 OTP 앱의 시간을 맞추세요.\n"},
                  {"refund.txt", "환불은 구매일로부터 7일 안에 영수증을 가지고 오시면 됩니다.\n"}},
                 *model);
  const auto answer = [&](const char* question) {
    return ask(*f.collection, question, {.search = {.embedder = model.get()}});
  };
  for (const char* question : {"박민지 팀장의 생일은 언제인가요?", "부산 지점 전화번호는?"}) {
    const Answer a = answer(question);
    EXPECT_FALSE(a.answered) << question << " -> " << a.answer << " " << a.confidence;
  }
  for (const auto& [question, holds] : {std::pair{"김민지 팀장의 생일은 언제인가요?", "4월 2일"},
                                        {"광주 지점장은 누구야", "백도현"},
                                        {"대전 지점장은 누구야", "윤서진"}}) {
    const Answer a = answer(question);
    EXPECT_THAT(a.answer.substr(0, a.answer.find('\n')), HasSubstr(holds)) << question << " " << a.confidence;
  }
}

}  // namespace
}  // namespace hanok::chain
