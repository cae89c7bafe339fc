// Chains: steps that are joined with `|`, checked by the compiler. Part of the door of room `chain`.
//
//   namespace chain = hanok::chain;
//   const auto translate = chain::prompt({{"system", "Translate into {language}."}, {"user", "{text}"}})
//                        | chain::ask(model, {.temperature = 0}) | chain::to_text();
//   std::cout << translate.invoke({{"language", "Korean"}, {"text", "Good morning"}});
//
// Chains are cheap to copy (steps are shared and never change) and safe to call from several threads.
#pragma once

#include <functional>
#include <initializer_list>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "hanok/chat.h"
#include "hanok/error.h"
#include "hanok/prompts.h"
#include "hanok/traces.h"

namespace hanok::chain {

/// Gets a text as it comes; false ends it.
using OnPiece = std::function<bool(std::string_view)>;
using Messages = std::vector<Message>;

/// Takes a step's input in as it comes, so that what it makes can go on before the input is whole.
template <class In, class Out>
class PieceReader {
 public:
  virtual ~PieceReader() = default;
  virtual bool push(std::string_view piece) = 0;
  /// The input is whole; returns what the step makes of it.
  virtual Out finish(const In& whole) = 0;
};

/// One thing that a chain does. Write your own, or make one of a function with step().
template <class In, class Out>
class Step {
 public:
  virtual ~Step() = default;
  virtual std::string name() const = 0;
  /// Gives pieces to on_piece (which may be empty) where it has a text that comes little by little; else the whole.
  virtual Out run(const In& in, const OnPiece& on_piece) const = 0;
  /// A step that can begin before its input is whole gives a reader; one that cannot lets it come to its end.
  virtual std::unique_ptr<PieceReader<In, Out>> reader(const OnPiece&) const { return nullptr; }
};

/// How often and when a step is tried again. Never once its first words were given out.
struct RetryOptions {
  size_t attempts = 3;        // the first among them
  double wait_seconds = 0.5;  // before the second; twice as long before each further one
  std::vector<Code> codes = {Code::Unavailable, Code::Exhausted, Code::Corrupt};  // Corrupt: an answer out of form
};

/// What became of one input of a batch.
template <class Out>
struct Outcome {
  std::optional<Out> value;
  std::optional<Error> error;
};

namespace detail {
/// work(0) ... work(n - 1), at most `limit` at once (0: as many as the context allows), under the caller's context and
/// trace.
void run_together(size_t n, size_t limit, const std::function<void(size_t)>& work);
/// Calls attempt() as RetryOptions says; `begun` tells that words were given out.
void run_again(const RetryOptions& options, const bool& begun, const std::function<void()>& attempt);
}  // namespace detail

template <class In, class Out>
class Chain {
 public:
  using Input = In;
  using Output = Out;
  Chain(std::shared_ptr<const Step<In, Out>> step) : step_(std::move(step)) {}

  Out invoke(const In& in) const { return stream(in, {}); }
  /// The same, and what comes as text goes to on_piece as it comes, as far as every later step can take pieces.
  Out stream(const In& in, const OnPiece& on_piece) const {
    OpenSpan span(step_->name());
    return step_->run(in, on_piece);
  }
  /// Several inputs, `limit` at once (0: a thread a core); in their order. The first error is thrown when all have run.
  std::vector<Out> batch(std::span<const In> in, size_t limit = 0) const;
  /// The same with the errors in their places.
  std::vector<Outcome<Out>> try_batch(std::span<const In> in, size_t limit = 0) const;

  Chain retry(const RetryOptions& options = {}) const;
  /// Where this one throws an Error before its first words, the next is tried; the last one's error is thrown.
  Chain fallback(Chain next) const;
  /// Another name in traces.
  Chain named(std::string name) const;
  /// Each of several inputs through this chain.
  Chain<std::vector<In>, std::vector<Out>> map(size_t limit = 0) const;

  const std::shared_ptr<const Step<In, Out>>& step() const { return step_; }

 private:
  std::shared_ptr<const Step<In, Out>> step_;  // shared: chains are values
};

/// The classic: prompt | ask | to_text.
using LLMChain = Chain<Values, std::string>;

// ---- the blocks

/// Any function as a step. It lets its input come to its end before it begins.
template <class In, class Out>
Chain<In, Out> step(std::string name, std::function<Out(const In&)> function);
template <class T>
Chain<T, T> passthrough();

/// Values -> messages.
Chain<Values, Messages> prompt(ChatPromptTemplate prompt);
Chain<Values, Messages> prompt(PromptTemplate prompt);  // one message of a user
Chain<Values, Messages> prompt(FewShotPrompt prompt);

/// Messages -> a reply. Streams.
Chain<Messages, ChatReply> ask(std::shared_ptr<const ChatModel> model, ChatOptions options = {});

/// model.chat under a span that tells model, messages, answer and tokens; without a trace it is model.chat.
ChatReply traced_chat(const ChatModel& model, std::span<const Message> messages, const ChatOptions& options = {});

/// A model that does the same under such a span.
std::shared_ptr<const ChatModel> traced(std::shared_ptr<const ChatModel> model);

/// A reply's text. Streams; so do lists (an item as soon as it is whole) in hanok/outputs.h.
Chain<ChatReply, std::string> to_text();

/// Values with one more, which `chain` makes of them; an old one of this name is replaced.
Chain<Values, Values> assign(std::string name, Chain<Values, std::string> chain);
/// A text as the value `name`.
Chain<std::string, Values> as_value(std::string name);

/// All with the same input, at once; by name.
template <class In, class Out>
Chain<In, std::map<std::string, Out, std::less<>>> parallel(std::map<std::string, Chain<In, Out>> chains,
                                                            size_t limit = 0);
/// Two of different kinds.
template <class In, class A, class B>
Chain<In, std::pair<A, B>> both(Chain<In, A> a, Chain<In, B> b);

/// The first chain whose condition holds, else `otherwise`. Streams as the chosen one does.
template <class In, class Out>
Chain<In, Out> branch(std::vector<std::pair<std::function<bool(const In&)>, Chain<In, Out>>> choices,
                      Chain<In, Out> otherwise);

template <class A, class B, class C>
Chain<A, C> operator|(const Chain<A, B>& first, const Chain<B, C>& second);

}  // namespace hanok::chain

#include "hanok/chains_detail.h"
