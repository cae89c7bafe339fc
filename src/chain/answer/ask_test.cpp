#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "hanok/chain.h"
#include "hanok/chat.h"

namespace hanok::chain {
namespace {

using testing::HasSubstr;

const std::string kEnglish =
    "The Berg library was founded in 1921 by Anna Lund. It closes at 8 pm on Fridays. The reading hall has 240 seats.";
const std::string kKorean =
    "한옥 호텔은 1998년에 전주에서 문을 열었다. 겨울 숙박료는 하루 9만 원이다. 방은 모두 열두 개이다.";
const std::string kOther = "A hedgehog eats beetles and worms. It sleeps through the winter in a nest of leaves.";

/// Says what the test wants, in pieces, and remembers what it was asked.
class Scripted : public ChatModel {
 public:
  explicit Scripted(std::string says, size_t context = 0) : says_(std::move(says)), context_(context) {}
  std::string name() const override { return "scripted"; }
  size_t context_tokens() const override { return context_; }
  size_t count_tokens(std::string_view text) const override { return text.size() / 4 + 1; }
  ChatReply chat(std::span<const Message> messages, const ChatOptions& options) const override {
    asked = messages.back().text();
    for (size_t i = 0; i < says_.size(); i += 5)
      if (!options.on_text(std::string_view(says_).substr(i, 5))) break;
    return {.message = {"assistant", says_}};
  }
  mutable std::string asked;

 private:
  std::string says_;
  size_t context_;
};

class AskTest : public testing::Test {
 protected:
  void SetUp() override {
    store_ = store::Store::open(folder_.path());
    collection_ = store_->collection("default", true);
    for (const auto& [path, text] :
         {std::pair{"library.txt", kEnglish}, {"hotel.txt", kKorean}, {"animals.txt", kOther}}) {
      store::NewDocument d;
      d.info.path = path;
      d.info.content_hash = path;
      d.text = text;
      d.chunks = text::split({.text = d.text});
      collection_->put(std::move(d));
    }
  }
  base::TempFolder folder_;
  std::unique_ptr<store::Store> store_;
  std::shared_ptr<store::Collection> collection_;
};

TEST_F(AskTest, ExtractsAndCites) {
  const Answer a = ask(*collection_, "Who founded the Berg library?");
  ASSERT_TRUE(a.answered);
  EXPECT_EQ(a.model, "extractive");
  EXPECT_EQ(a.short_answer, "Anna Lund");
  EXPECT_THAT(a.answer, HasSubstr("founded in 1921 by Anna Lund. [1]"));
  ASSERT_FALSE(a.citations.empty());
  EXPECT_EQ(a.citations[0].path, "library.txt");
  const auto span = a.citations[0].span;
  EXPECT_EQ(kEnglish.substr(span.start, span.end - span.start), a.citations[0].quote);
}

TEST_F(AskTest, APromptWithoutAModelIsMadeWhereItIsAskedForOnly) {
  EXPECT_EQ(ask(*collection_, "Who founded the Berg library?").prompt, "");
  EXPECT_THAT(ask(*collection_, "Who founded the Berg library?", {.show_prompt = true}).prompt,
              HasSubstr("[1] library.txt\nThe Berg library"));
  // What would be wrong with the prompt does not keep the passages from answering.
  EXPECT_TRUE(ask(*collection_, "Who founded the Berg library?", {.prompt_template = "no places"}).answered);
}

TEST_F(AskTest, KoreanToo) {
  const Answer a = ask(*collection_, "한옥 호텔의 겨울 숙박료는 하루 얼마인가?");
  ASSERT_TRUE(a.answered);
  EXPECT_EQ(a.citations[0].path, "hotel.txt");
  EXPECT_EQ(a.citations[0].quote, "한옥 호텔은 1998년에 전주에서 문을 열었다. 겨울 숙박료는 하루 9만 원이다.")
      << "with the sentence that says whose";
}

TEST_F(AskTest, SaysWhenItIsNotThere) {
  const Answer english = ask(*collection_, "Which treaty ended the Crimean war in Paris?");
  EXPECT_FALSE(english.answered);
  EXPECT_THAT(english.answer, HasSubstr("not in your documents"));
  EXPECT_TRUE(english.citations.empty());
  const Answer korean = ask(*collection_, "세종대왕이 훈민정음을 반포한 해는 언제인가?");
  EXPECT_FALSE(korean.answered);
  EXPECT_THAT(korean.answer, HasSubstr("문서에 없"));
  EXPECT_TRUE(ask(*collection_, "Which treaty ended the winter?", {.answer_threshold = 0}).answered);
  EXPECT_THROW(ask(*collection_, " \n"), Error);
}

TEST_F(AskTest, WhatComesNearestIsShownWhereNothingAnswers) {
  const Answer a = ask(*collection_, "Which treaty ended the Crimean war in Berg?");
  ASSERT_FALSE(a.answered);
  ASSERT_FALSE(a.nearest.empty());
  EXPECT_LE(a.nearest.size(), 3u);
  EXPECT_EQ(a.nearest[0].n, 1);
  EXPECT_EQ(a.nearest[0].path, "library.txt");
  EXPECT_FALSE(a.nearest[0].quote.empty());
  EXPECT_TRUE(ask(*collection_, "Who founded the Berg library?").nearest.empty());
  Scripted model("Not in the documents.");
  EXPECT_FALSE(ask(*collection_, "Who founded the Berg library?", {.model = &model}).nearest.empty());
}

using Texts = std::vector<std::pair<std::string, std::string>>;

/// A collection of its own texts, by path.
struct Folder {
  explicit Folder(const Texts& texts) {
    for (const auto& [path, text] : texts) {
      store::NewDocument d;
      d.info.path = path;
      d.info.content_hash = path;
      d.text = text;
      d.chunks = text::split({.text = d.text});
      collection->put(std::move(d));
    }
  }
  base::TempFolder folder;
  std::unique_ptr<store::Store> store = store::Store::open(folder.path());
  std::shared_ptr<store::Collection> collection = store->collection("default", true);
};

std::string first_line(const Answer& a) { return a.answer.substr(0, a.answer.find('\n')); }

TEST(Ask, ASiblingsFactIsNoAnswer) {
  const Folder f(Texts{{"지점.txt",
                        "대전 지점 전화번호는 042-555-0134입니다. 지점장은 윤서진입니다.\n"
                        "광주 지점 전화번호는 062-555-0177입니다. 지점장은 백도현입니다.\n"},
                       {"팀.txt",
                        "요가 수업은 매주 화요일 저녁 7시에 합니다. 김민지 팀장의 생일은 4월 2일입니다.\n"
                        "수영장 이용료는 어른 5,000원이고 어린이 2,500원입니다.\n"},
                       {"branches.txt",
                        "The Daejeon branch has the phone number 042-555-0134. The manager is Ivy Yoon.\n"
                        "The Gwangju branch has the phone number 062-555-0177. The manager is Omar Baek.\n"}});
  for (const char* question :
       {"부산 지점 전화번호는?", "헬스장 이용료는 얼마인가요?", "What is the phone number of the Busan branch?",
        "Who is the manager of the Busan branch?"}) {
    const Answer a = ask(*f.collection, question);
    EXPECT_FALSE(a.answered) << question << " -> " << a.answer << " " << a.confidence;
    EXPECT_FALSE(a.nearest.empty());
  }
  EXPECT_THAT(ask(*f.collection, "대전 지점 전화번호는?").answer, HasSubstr("042-555-0134"));
  EXPECT_THAT(ask(*f.collection, "김민지 팀장의 생일은 언제인가요?").answer, HasSubstr("4월 2일"));
}

TEST(Ask, ASentenceIsReadWithTheOneItGoesOnFrom) {
  const Folder f(Texts{{"지점.txt",
                        "대전 지점 전화번호는 042-555-0134입니다. 지점장은 윤서진입니다.\n"
                        "광주 지점 전화번호는 062-555-0177입니다. 지점장은 백도현입니다.\n"}});
  for (const auto& [question, name] : {std::pair{"광주 지점장은 누구야", "백도현"},
                                       {"대전 지점장은 누구야", "윤서진"},
                                       {"광주 지점의 지점장 이름은?", "백도현"}}) {
    const Answer a = ask(*f.collection, question);
    EXPECT_THAT(first_line(a), HasSubstr(name)) << question << " " << a.confidence;
  }
  const Folder among(Texts{{"지점.txt",
                            "대전 지점 전화번호는 042-555-0134입니다. 주소는 중앙로 3입니다. 지점장은 윤서진입니다.\n"
                            "광주 지점 전화번호는 062-555-0177입니다. 주소는 상무로 8입니다. 지점장은 백도현입니다.\n"},
                           {"branches.txt",
                            "The Daejeon branch has the phone number 042-555-0134. The manager is Ivy Yoon.\n"
                            "The Gwangju branch has the phone number 062-555-0177. The manager is Omar Baek.\n"},
                           {"vpn.txt", "VPN에 접속이 안 되면 먼저 OTP 앱의 시간을 맞추세요.\n"},
                           {"refund.txt", "환불은 구매일로부터 7일 안에 영수증을 가지고 오시면 됩니다.\n"},
                           {"m1.txt", "Minutes of June 1. The board voted 5 to 2 to repair the roof.\n"}});
  for (const auto& [question, name] : {std::pair{"광주 지점장은 누구야", "백도현"},
                                       {"대전 지점장은 누구야", "윤서진"},
                                       {"광주 지점 주소는?", "상무로 8"},
                                       {"Who is the manager of the Gwangju branch?", "Omar Baek"},
                                       {"Who is the manager of the Daejeon branch?", "Ivy Yoon"}}) {
    const Answer a = ask(*among.collection, question);
    EXPECT_THAT(first_line(a), HasSubstr(name)) << question << " " << a.confidence;
  }
  const Answer a = ask(*f.collection, "광주 지점장은 누구야");
  ASSERT_TRUE(a.answered);
  EXPECT_THAT(a.citations[0].quote, testing::StartsWith("광주 지점"));
}

TEST(Ask, ARowAnswersWithTheNamesOfItsColumns) {
  const Folder f(
      Texts{{"rooms.txt", "Rooms\n\nroom | guests | price\nSun | 2 | 90,000 won\nMoon | 5 | 140,000 won\n"}});
  const Answer a = ask(*f.collection, "How much is the price of the Moon room?", {.answer_threshold = 0});
  EXPECT_THAT(first_line(a), HasSubstr("room: Moon; guests: 5; price: 140,000 won"));
  EXPECT_EQ(a.citations[0].span.end - a.citations[0].span.start, std::string("Moon | 5 | 140,000 won").size());
}

TEST(Ask, OneFileIsEnough) {
  const Folder f(
      Texts{{"opening-hours.md",
             "Opening hours\n\nday | hours\nTuesday to Friday | 10:00 to 20:00\nSaturday | 9:00 to 17:00\n"
             "Sunday | 13:00 to 17:00\n\nThe library is closed on Mondays. We rest in the first week of May.\n"}});
  const Answer a = ask(*f.collection, "When is the library open on Saturdays?");
  EXPECT_TRUE(a.answered) << a.confidence;
  EXPECT_THAT(first_line(a), HasSubstr("9:00 to 17:00"));
  EXPECT_FALSE(ask(*f.collection, "When is the swimming pool in Busan open?").answered);
}

TEST_F(AskTest, AModelsMarkersAreCheckedBeforeTheyAreShown) {
  Scripted model("The library was founded by Anna Lund in 1921 [1]. It has 900 seats [1]. Hedgehogs run it [9].");
  std::string shown;
  const Answer a =
      ask(*collection_, "Who founded the Berg library?", {.model = &model, .on_token = [&](std::string_view piece) {
                                                            shown += piece;
                                                            return true;
                                                          }});
  EXPECT_TRUE(a.answered);
  EXPECT_EQ(a.model, "scripted");
  EXPECT_EQ(a.answer, "The library was founded by Anna Lund in 1921 [1]. It has 900 seats. Hedgehogs run it.");
  EXPECT_EQ(shown, a.answer);
  EXPECT_EQ(a.prompt, model.asked);
  ASSERT_EQ(a.citations.size(), 1u);
  EXPECT_EQ(a.citations[0].quote, "The Berg library was founded in 1921 by Anna Lund.");
  EXPECT_THAT(a.dropped,
              testing::IsSupersetOf({testing::ContainsRegex("900"), testing::ContainsRegex("no such passage")}));
}

TEST_F(AskTest, AModelMaySayThatItIsNotThere) {
  Scripted model("Not in the documents.");
  std::string shown;
  const Answer a =
      ask(*collection_, "Who founded the Berg library?", {.model = &model, .on_token = [&](std::string_view piece) {
                                                            shown += piece;
                                                            return true;
                                                          }});
  EXPECT_FALSE(a.answered);
  EXPECT_EQ(shown, a.answer);
  EXPECT_THAT(a.answer, HasSubstr("not in your documents"));
}

TEST_F(AskTest, AnswersWithoutSourcesCarryAWarning) {
  Scripted model("Forty-two is what it is.");
  const Answer a = ask(*collection_, "Who founded the Berg library?", {.model = &model});
  EXPECT_TRUE(a.answered);
  EXPECT_THAT(a.warnings, testing::Contains(HasSubstr("could be tied to a passage")));
  ASSERT_FALSE(a.nearest.empty()) << "what the documents say, for whoever reads such an answer";
}

TEST_F(AskTest, AModelThatGoesRoundInCirclesIsEnded) {
  Scripted model("1. The library is big. 2. The library is big. 3. The library is big. 4. The library is big. End.");
  std::string streamed;
  const Answer a = ask(*collection_, "How big is the library?", {.model = &model, .on_token = [&](std::string_view t) {
                                                                   streamed += t;
                                                                   return true;
                                                                 }});
  EXPECT_EQ(a.answer, streamed);
  EXPECT_THAT(a.answer, HasSubstr("2. The library is big."));
  EXPECT_THAT(a.answer, testing::Not(HasSubstr("4.")));
  EXPECT_THAT(a.warnings, testing::Contains(HasSubstr("again and again")));
}

TEST_F(AskTest, WhatDoesNotFitIsReported) {
  Scripted model("Not in the documents.");
  const Answer a = ask(*collection_, "winter library hotel", {.model = &model, .budget_tokens = 45});
  EXPECT_THAT(a.dropped, testing::Contains(HasSubstr("over the budget of 45 tokens")));
  EXPECT_THAT(model.asked, testing::Not(HasSubstr("[2]")));
}

}  // namespace
}  // namespace hanok::chain
