// What a model's answer is read as: lists, JSON, choices, dates, XML. Part of the door of room `chain`.
//
//   auto chain = chain::prompt("Five rivers of {country}, separated by commas.") | chain::ask(model) |
//   chain::to_list();
//
// A parser that fails throws Error(Corrupt) with what stood there: retry() asks again, repaired() tells the model what
// was wrong. structured() binds the answer by the parser's own constraint where the model can, so that it cannot fail.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "hanok/chains.h"
#include "hanok/store.h"

namespace hanok::chain {

using store::Json;

/// How an answer is read, how it is asked for, and what binds it.
template <class T>
struct Parser {
  std::string name;
  std::function<T(std::string_view answer)> parse;
  std::string instructions;    // for the prompt of a model that cannot be bound
  Constraint constraint = {};  // for one that can; empty: none
};

/// "a, b and c, "with, comma"": what commas part, without blanks around it; quotes hold a piece together.
Parser<std::vector<std::string>> list_parser();
/// A line each: "- a", "* a", "1. a", "2) a" or "a"; blank lines are none.
Parser<std::vector<std::string>> lines_parser();
/// The JSON value in the answer: all of it, what stands in its first code block, or its first object or list.
Parser<Json> json_parser();
/// The same, satisfying a schema (draft 2020-12; docs/cli.md says which keywords). The error names the place.
Parser<Json> schema_parser(const std::string& schema);
/// One of `values`, but for case, blanks and marks around it.
Parser<std::string> choice_parser(std::vector<std::string> values);
/// A moment, UTC: "2026-11-29", "2026-11-29 15:44", "2026-11-29T15:44:36Z"; the first in the answer.
using Moment = std::chrono::sys_time<std::chrono::milliseconds>;
Parser<Moment> date_parser();
/// The element in the answer: {"name": text} or {"name": [{...}, ...]}, as its children stand.
Parser<Json> xml_parser();

// ---- as steps of a chain

template <class T>
Chain<ChatReply, T> to(Parser<T> parser) {
  return step<ChatReply, T>(parser.name, [p = std::move(parser)](const ChatReply& in) { return p.parse(in.text()); });
}
/// A list whose items go on as soon as they are whole.
Chain<ChatReply, std::vector<std::string>> to_list();

/// Told to a model before what was wrong with an answer and the instructions again.
inline constexpr std::string_view kCannotBeRead = "That cannot be read: ";

struct StructuredOptions {
  ChatOptions answer = {};
  size_t repairs = 1;  // how often a model that is not bound is told what was wrong and asked again
};

/// Messages -> T. A model that can be bound answers within the parser's constraint. Another one is given the parser's
/// instructions behind its messages, and told what was wrong with an answer that cannot be read, `repairs` times; then
/// the last error is thrown.
template <class T>
Chain<Messages, T> structured(std::shared_ptr<const ChatModel> model, Parser<T> parser, StructuredOptions options = {});

namespace detail {
/// Asks until `read` takes the answer. `read` throws Corrupt for one that it does not.
void ask_until_read(const ChatModel& model, Messages messages, const std::string& instructions,
                    const Constraint& constraint, const StructuredOptions& options,
                    const std::function<void(const std::string& answer)>& read);
}  // namespace detail

template <class T>
Chain<Messages, T> structured(std::shared_ptr<const ChatModel> model, Parser<T> parser, StructuredOptions options) {
  const std::string name = "structured " + parser.name;
  return step<Messages, T>(
      name, [model = std::move(model), p = std::move(parser), options = std::move(options)](const Messages& in) {
        std::optional<T> out;
        detail::ask_until_read(*model, in, p.instructions, p.constraint, options,
                               [&](const std::string& answer) { out = p.parse(answer); });
        return std::move(*out);
      });
}

}  // namespace hanok::chain
