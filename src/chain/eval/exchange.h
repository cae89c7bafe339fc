// Questions about something that is not there: one name of a question exchanged for a sibling of the same kind.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "chain/eval/squad.h"

namespace hanok::chain {

/// A question whose paragraph no longer answers it: "Who managed the Daejeon branch?" became "... the Busan branch?".
struct ExchangedQuestion {
  std::string text;
  std::string name, sibling;
  bool noun = false;  // an English noun, which has no kind that could be told: any other noun may be its sibling
};

/// For each question of the set, in order; nothing where no name, number or noun of it stands in its paragraph.
///
/// Exchanged is the name (person, place, other name, month), year or number of the question that stands in its
/// paragraph and in the fewest paragraphs besides; where there is none, a noun. (In Korean names are nouns.) The
/// sibling is of the same kind, out of the names so found in the set's other questions or, for every second question, a
/// name that stands in no paragraph at all; never one that stands in the question's article or is its answer. Persons
/// and places are told by the answers to questions that ask for them. Korean particles follow the sibling's last sound
/// (은/는, 이/가, 을/를, 과/와, 으로/로). The same set always gives the same questions.
std::vector<std::optional<ExchangedQuestion>> exchange_names(const SquadSet& set);

}  // namespace hanok::chain
