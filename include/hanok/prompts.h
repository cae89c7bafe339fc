// Prompts with gaps: templates of texts and of conversations, and examples chosen for a question. Part of the door of
// room `chain`.
//
//   const hanok::chain::ChatPromptTemplate prompt({{"system", "You translate into {language}."},
//                                                  hanok::chain::MessagesPlaceholder{.name = "history", .optional =
//                                                  true},
//                                                  {"user", "{text}"}});
//   const auto messages = prompt.format({{"language", "Korean"}, {"text", "Good morning"}});
//
// A value is put in once and never read as a template: braces inside it mean nothing.
#pragma once

#include <cstddef>
#include <functional>
#include <initializer_list>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "hanok/chat.h"

namespace hanok::chain {

class EmbeddingModel;  // hanok/chain.h

/// What fills the gaps, by name.
using Values = std::map<std::string, std::string, std::less<>>;

/// Braces: "{name}"; "{{" and "}}" are braces. Names are letters of any script, digits and "_", not digits alone: no
/// dots, brackets or format rules that would reach into a value. Jinja: the safe subset of text/template, for
/// conditions and loops.
enum class TemplateFormat { Braces, Jinja };

/// Parsed once; every method may be called from several threads.
class PromptTemplate {
 public:
  /// Throws Invalid with the line and what was expected there.
  PromptTemplate(std::string text = {}, TemplateFormat format = TemplateFormat::Braces);
  PromptTemplate(const char* text) : PromptTemplate(std::string(text)) {}

  /// Throws Invalid that names every variable without a value. Values that no gap asks for are left.
  std::string format(const Values& values = {}) const;
  /// The gaps that format() must be given, sorted.
  std::vector<std::string> variables() const;
  /// The same template with some gaps filled; a function is asked anew each time. Throws Invalid for a name that is no
  /// gap.
  PromptTemplate partial(const Values& values) const;
  PromptTemplate partial(const std::string& name, std::function<std::string()> value) const;
  const std::string& text() const;

 private:
  struct Parsed;
  std::shared_ptr<const Parsed> parsed_;  // shared by copies; never changed
  std::map<std::string, std::function<std::string()>, std::less<>> partial_;
};

// ---- examples

/// An example: values for the example's own template.
using Example = Values;

/// Chooses examples for a question. Safe to call from several threads.
class ExampleSelector {
 public:
  virtual ~ExampleSelector() = default;
  /// `input`: the values that the prompt is being filled with.
  virtual std::vector<Example> select(const Values& input) const = 0;
};

/// As many of the first examples as leave `most` words, the input's own among them; words are what blanks part.
std::unique_ptr<ExampleSelector> select_by_length(std::vector<Example> examples, PromptTemplate example, size_t most);

struct NearestOptions {
  size_t k = 4;
  double mmr_lambda = 1;  // below 1: maximal marginal relevance among the fetch_k nearest (1: relevance alone)
  size_t fetch_k = 20;
  std::vector<std::string> keys = {};  // values that are compared; empty: all, in the order of their names
};
/// The k whose vectors are nearest to the input's. The model must outlive the selector.
std::unique_ptr<ExampleSelector> select_by_similarity(std::vector<Example> examples, const EmbeddingModel& model,
                                                      const NearestOptions& options = {});
/// Those with more n-grams in common with the input's first value than `threshold` says, most first: BLEU of up to four
/// words (Papineni et al. 2002, smoothed by .1), 0 to 1; below 0: all. `key`: the value that is compared.
std::unique_ptr<ExampleSelector> select_by_ngrams(std::vector<Example> examples, std::string key,
                                                  double threshold = -1);
/// All of them, always.
std::unique_ptr<ExampleSelector> select_all(std::vector<Example> examples);

/// A prompt of examples: prefix, each example by its own template, suffix, with `separator` between those that are not
/// empty. Each part is formatted by itself, so that braces inside an example mean nothing.
struct FewShotPrompt {
  std::shared_ptr<const ExampleSelector> examples;  // shared: prompts are copied into chains
  PromptTemplate example, prefix, suffix;
  std::string separator = "\n\n";

  std::string format(const Values& values = {}) const;
  std::vector<std::string> variables() const;  // of prefix and suffix
};

// ---- conversations

/// "human" is "user" and "ai" is "assistant".
struct MessageTemplate {
  std::string role;
  PromptTemplate text;
};

/// A gap for messages: a history.
struct MessagesPlaceholder {
  std::string name;
  bool optional = false;  // absent: nothing instead of an error
  size_t last = 0;        // only so many of the last ones, 0: all; results whose call was cut off go with it
};

/// Examples as messages of a conversation, in front of the question.
struct FewShotMessages {
  std::shared_ptr<const ExampleSelector> examples;
  std::vector<MessageTemplate> example = {{"user", "{input}"}, {"assistant", "{output}"}};
};

/// Messages for placeholders, by name.
using MessageValues = std::map<std::string, std::vector<Message>, std::less<>>;

class ChatPromptTemplate {
 public:
  using Piece = std::variant<MessageTemplate, MessagesPlaceholder, FewShotMessages>;
  struct Item : Piece {  // so that {"user", "{text}"} can be written
    Item(const char* role, PromptTemplate text) : Piece(MessageTemplate{role, std::move(text)}) {}
    Item(const char* role, const char* text) : Piece(MessageTemplate{role, PromptTemplate(text)}) {}
    Item(MessageTemplate m) : Piece(std::move(m)) {}
    Item(MessagesPlaceholder p) : Piece(std::move(p)) {}
    Item(FewShotMessages f) : Piece(std::move(f)) {}
  };
  ChatPromptTemplate(std::initializer_list<Item> items) : ChatPromptTemplate(std::vector<Item>(items)) {}
  /// Throws Invalid for a role that is none, and for examples without a selector.
  explicit ChatPromptTemplate(std::vector<Item> items);

  /// Throws Invalid that names every variable and every placeholder without a value.
  std::vector<Message> format(const Values& values = {}, const MessageValues& messages = {}) const;
  std::vector<std::string> variables() const;     // sorted
  std::vector<std::string> placeholders() const;  // those that are not optional, sorted
  ChatPromptTemplate partial(const Values& values) const;

 private:
  std::vector<Item> items_;
};

}  // namespace hanok::chain
