#include "chain/answer/asked_for.h"

#include <algorithm>
#include <array>
#include <vector>

#include "chain/answer/letters.h"
#include "chain/answer/mentions.h"

namespace hanok::chain::answer {
namespace {

bool any_of(std::string_view word, std::initializer_list<std::string_view> list) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

AskedFor read_english(const Question& question) {
  std::vector<std::string> words;
  for (const Word& w : words_of(question.text, question)) words.push_back(lower(part(question.text, w.full)));
  AskedFor out;
  for (size_t i = 0; i < words.size(); ++i) {
    if (!any_of(words[i], {"what", "which", "why", "how", "who", "whom", "whose", "when", "where"})) continue;
    out.word = words[i];
    size_t noun = i + 1;
    if (out.word == "how" && noun < words.size() &&
        any_of(words[noun], {"many", "much", "long", "old", "far", "often"}))
      out.word += " " + words[noun++];
    const bool names = out.word == "what" || out.word == "which" || out.word == "how many";
    if (names && noun < words.size() &&
        !any_of(words[noun], {"is", "are", "was", "were", "did", "does", "do", "has", "had", "can", "would", "will"}))
      out.head = words[noun];
    break;
  }
  return out;
}

// The words that ask, as a Korean word begins with them.
constexpr std::array<std::string_view, 14> kAsking = {"무엇", "무슨", "어떤",   "어느", "어디", "누구", "누가",
                                                      "언제", "얼마", "어떻게", "왜",   "뭐",   "무얼", "몇"};

std::string_view asking_of(std::string_view word) {
  for (const std::string_view asking : kAsking)
    if (word.starts_with(asking)) return asking;
  return {};
}

// "사람의 이름은?": what has the name is asked for.
bool stands_for_another(std::string_view head) {
  return any_of(head, {"이름", "명칭", "제목", "이름들", "성명", "성함", "별명", "호칭", "명"});
}

// "몇 대인가", "몇 년만에", "몇 명이나": what the counter is followed by.
void cut_ending(std::string& head) {
  constexpr std::string_view kEndings[] = {
      "이었습니까", "이었는가", "이었나요", "였습니까", "입니까", "이었나", "였는가", "였나요", "인가요",
      "일까요",     "이나",     "만에",     "인가",     "인지",   "였나",   "일까",   "이고",   "이며",
      "정도",       "이상",     "에서",     "까지",     "에게",   "으로",   "이죠",   "인",     "에",
      "로",         "나",       "의",       "을",       "를",     "이",     "가",     "만"};
  for (const std::string_view ending : kEndings)
    if (head.size() > ending.size() && head.ends_with(ending)) {
      head.resize(head.size() - ending.size());
      return;
    }
}

AskedFor read_korean(const Question& question) {
  std::vector<std::string> full, core;  // with the particle, and without
  const auto words = words_of(question.text, question);
  AskedFor out;
  for (size_t i = 0; i < words.size(); ++i) {
    full.push_back(lower(part(question.text, words[i].full)));
    core.push_back(lower(part(question.text, words[i].span)));
    if (i + 1 == words.size()) break;
    out.has_subject |= words[i].after == "이" || words[i].after == "가";
    out.has_object |= words[i].after == "을" || words[i].after == "를";
  }
  size_t at = full.size();
  for (size_t i = 0; i < full.size() && at == full.size(); ++i)
    if (!asking_of(full[i]).empty()) at = i;
  if (at < full.size()) out.word = asking_of(full[at]);
  size_t head = full.size();
  if (any_of(out.word, {"무슨", "어떤", "어느", "몇"}) && full[at] != out.word) {
    out.head = core[at].substr(out.word.size());  // "몇명이"
    cut_ending(out.head);
  } else if (any_of(out.word, {"무슨", "어떤", "어느", "몇"}) && at + 1 < full.size()) {
    head = at + 1;
  } else if (at < full.size() && at > 0 && at + 1 == full.size() && any_of(out.word, {"무엇", "뭐", "무얼"})) {
    head = at - 1;  // "…의 이름은 무엇인가?"; of "유자차는 얼마인가?" no amount is a 유자차
  } else if (at == full.size() && !full.empty()) {
    head = full.size() - 1;  // "…한 정당은?"
  }
  if (head == full.size()) return out;
  const bool marked = full[head].size() > core[head].size() || head + 1 == full.size() || head > at;
  if (!marked) return out;
  out.head = core[head];
  for (const std::string_view particle : {"은", "는", "이", "가", "을", "를"})  // of a noun too short for words_of
    if (out.head == full[head] && out.head.size() == 6 && out.head.ends_with(particle)) out.head.resize(3);
  if (out.word == "몇") cut_ending(out.head);
  if (stands_for_another(out.head) && head > 0 && full[head - 1].ends_with("의")) out.head = core[head - 1];
  return out;
}

}  // namespace

AskedFor read_asked_for(const Question& question) {
  return question.korean ? read_korean(question) : read_english(question);
}

bool asks(std::string_view word) {
  return any_of(word, {"what", "which", "why", "how", "who", "whom", "whose", "when", "where"}) ||
         !asking_of(word).empty();
}

std::string_view last_letter(std::string_view text) {
  size_t at = text.size();
  while (at > 0 && (text[--at] & 0xC0) == 0x80) {
  }
  return text.substr(at);
}

}  // namespace hanok::chain::answer
