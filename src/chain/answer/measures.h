// What a question measures in, where it says so: "몇 시까지" wants a time of the day, "얼마나 깊은가요" a length. Finer
// than Asks: a number of another kind is no answer. In English and Korean alike, so it holds across the two.
#pragma once

#include <string_view>

namespace hanok::chain::answer {

enum class Measure { None, Clock, Weekday, Money, Duration, Length, Weight, Percent };

/// None where the question leaves it open: "how much", "when".
Measure asked_measure(std::string_view question, bool korean);

/// True for a word that says no more than in what the question measures: "요금", "price" of money, "깊이" of a length.
bool names_measure(std::string_view word, Measure measure);

/// True when the text has a quantity of that measure, in either language: "17:00", "오전 열 시", "42 centimetres",
/// "무료". A table's row is given with the names of its columns, which may say in what ("fee (won): 45000").
bool holds_measure(std::string_view text, Measure measure);

}  // namespace hanok::chain::answer
