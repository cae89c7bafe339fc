#include "text/analysis/hangul_readings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace hanok::text::analysis {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;

// Whether one of the names in `text` may be `hangul`.
bool read_as(std::string_view text, const std::string& hangul) {
  for (const auto& name : romanised_names(text))
    for (const auto& reading : name.readings)
      if (reading == hangul) return true;
  return false;
}

TEST(HangulReadings, RevisedRomanization) {
  for (const auto& [latin, hangul] : {std::pair{"Busan", "부산"},
                                      {"Gyeongju", "경주"},
                                      {"Seoul", "서울"},
                                      {"Jeonju", "전주"},
                                      {"Gwanghwamun", "광화문"},
                                      {"Ulleungdo", "울릉도"},
                                      {"Haeundae", "해운대"},
                                      {"Joseon", "조선"},
                                      {"Myeongseong", "명성"}})
    EXPECT_THAT(hangul_readings(latin, 2, 4), Contains(hangul)) << latin;
}

TEST(HangulReadings, NamesAsPeopleSpellThem) {
  for (const auto& [text, hangul] : {std::pair{"Who was Kim Young-sam?", "김영삼"},
                                     {"What did Lee Myung-bak say?", "이명박"},
                                     {"When did Park Geun-hye win?", "박근혜"},
                                     {"how Oh Se-hoon lost", "오세훈"},
                                     {"How did Roh Moo-hyun begin?", "노무현"},
                                     {"Yoo Ah-in's bazaar", "유아인"},
                                     {"the songs of Kim Kwang Seok", "김광석"},
                                     {"a film by Hong Sangsoo", "홍상수"},
                                     {"Young-sam Kim's friends", "김영삼"},
                                     {"where Choi Jin-sil lived", "최진실"},
                                     {"asked Jung Do-jeon", "정도전"},
                                     {"Emperor Hirohito's war", "히로히토"},
                                     {"the mayor of Nagasaki", "나가사키"}})
    EXPECT_TRUE(read_as(text, hangul)) << text;
}

TEST(HangulReadings, SyllablesAreWhole) {
  EXPECT_THAT(hangul_readings("gim", 1, 1), ElementsAre("김"));
  EXPECT_THAT(hangul_readings("sung", 1, 1), ElementsAre("성", "숭"));
  EXPECT_THAT(hangul_readings("xyz", 1, 4), IsEmpty());
  EXPECT_THAT(hangul_readings("strength", 1, 4), IsEmpty());
  EXPECT_THAT(hangul_readings("", 1, 4), IsEmpty());
  EXPECT_THAT(hangul_readings("부산", 1, 4), IsEmpty());
  EXPECT_THAT(hangul_readings("kim", 2, 4), IsEmpty());
  EXPECT_THAT(hangul_readings(std::string(25, 'a'), 1, 30), IsEmpty());
  EXPECT_THAT(hangul_readings(std::string(24, 'a'), 1, 30).size(), 1u);
  EXPECT_THAT(hangul_readings("kukukukukuku", 1, 8), IsEmpty());  // 2^12 readings and more are no help
}

TEST(HangulReadings, WordsThatAreNoNamesAreNotRead) {
  EXPECT_THAT(romanised_names("what does the panda do in winter"), IsEmpty());  // nothing is capitalised
  EXPECT_THAT(romanised_names("Why did NASA and the IPCC write 12-34?"), IsEmpty());
  EXPECT_THAT(romanised_names(""), IsEmpty());
  EXPECT_THAT(romanised_names("-- - a-b-"), IsEmpty());
}

TEST(HangulReadings, Surnames) {
  EXPECT_THAT(surname_readings("Lee"), ElementsAre("이"));
  EXPECT_THAT(surname_readings("Park"), ElementsAre("박"));
  EXPECT_TRUE(is_korean_surname("choi"));
  EXPECT_FALSE(is_korean_surname("Smith"));
}

}  // namespace
}  // namespace hanok::text::analysis
