// Conversations with language models: in this process, or behind a server. Part of the door of room `chain`.
//
//   const auto model = hanok::chain::open_chat_model("SmolLM2-135M-Instruct.Q4_1.gguf");  // or http://..., ORG/NAME
//   hanok::chain::Conversation talk("You are a kind librarian.");
//   const auto said = talk.say(*model, "Where do I find maps?", {.on_text = [](std::string_view piece) {
//     std::cout << piece << std::flush;
//     return true;
//   }});
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "hanok/generate.h"
#include "hanok/text.h"

namespace hanok::chain {

/// A part of a message: a text, or a picture by its address ("https://..." or "data:image/png;base64,...") for models
/// that see.
struct Part {
  enum class Kind { Text, Image };
  Kind kind = Kind::Text;
  std::string content;
  bool operator==(const Part&) const = default;
};

struct Message {
  std::string role;  // "system", "user", "assistant", "tool"
  std::vector<Part> parts;
  std::vector<ToolCall> tool_calls = {};  // of an assistant: what it wants called
  std::string tool_call_id = {};          // of a tool: the call that this is the result of

  Message() = default;
  Message(std::string role, std::string text) : role(std::move(role)), parts{{Part::Kind::Text, std::move(text)}} {}
  /// The texts of all parts, one after another.
  std::string text() const;
  bool operator==(const Message&) const = default;
};

/// A function that a model may ask for. `parameters`: a JSON schema, as text.
struct Tool {
  std::string name, description, parameters = R"({"type":"object","properties":{}})";
};

/// Whether the model calls tools: as it likes (Auto), never (None: it is not told of them), in any case (Required), or
/// one in any case (Named). A call that must come is one call, written in the style of the model's template and bound
/// to the tool's JSON schema, so that nothing but a call that can be read comes out.
struct ToolChoice {
  enum class Kind { Auto, None, Required, Named } kind = Kind::Auto;
  std::string name = {};
  bool operator==(const ToolChoice&) const = default;
};

/// A piece of a tool call as it comes. id and name come with the first piece of a call and are empty in those behind
/// it; the arguments of all pieces, one after another, are the call's.
struct ToolCallPiece {
  size_t index = 0;  // of the call in the answer
  std::string id = {}, name = {}, arguments = {};
};

/// How an answer is written; what is not set is the model's or the server's own choice (in this process: Sampling,
/// and 512 tokens).
struct ChatOptions {
  std::optional<float> temperature = {}, top_p = {}, min_p = {};
  std::optional<float> frequency_penalty = {}, presence_penalty = {};  // OpenAI's; see Penalties
  std::optional<int> top_k = {};
  std::optional<uint64_t> seed = {};
  size_t max_tokens = 0;               // of the answer at most; 0: not set
  std::vector<std::string> stop = {};  // the answer ends before the first of these
  std::vector<Tool> tools = {};
  std::function<bool(std::string_view)> on_text = {};  // gets the answer as it comes, whole characters; false ends it

  ToolChoice tool_choice = {};
  /// Gets tool calls as they come; false ends the answer. A call that the model need not make (Auto) comes in one
  /// piece, when it is certain to be one.
  std::function<bool(const ToolCallPiece&)> on_tool_call = {};
  /// What the answer must satisfy; not together with tools that may be called. A server is asked for a JSON schema
  /// alone.
  Constraint constraint = {};
  std::optional<size_t> top_logprobs = {};  // set: ChatReply::logprobs are told, with so many of the likeliest for each
  std::function<void(const TokenLogprob&)> on_logprob = {};
  std::optional<float> typical = {}, repeat_penalty = {};
  std::optional<Dry> dry = {};
  std::vector<std::pair<int32_t, float>> logit_bias = {};  // -100 and less: never
  std::string adapter = {};  // one of those that the model was opened with; a server has them under names of models
};

enum class ChatFinish { Stop, Length, Context, Cancelled, ToolCalls, Filtered };
/// "stop", "length", "context", "cancelled", "tool_calls", "content_filter".
std::string_view finish_name(ChatFinish finish);

struct ChatReply {
  Message message;  // role "assistant"
  ChatFinish finish = ChatFinish::Stop;
  size_t prompt_tokens = 0, completion_tokens = 0;  // a server that does not say gives 0
  size_t cached_tokens = 0;                         // of the prompt: not read again
  double seconds = 0;                               // from the request to the last word
  size_t dropped = 0;                               // Conversation::say: messages left out because they did not fit
  std::vector<TokenLogprob> logprobs = {};          // where ChatOptions asks for them; tool calls' tokens among them
  std::string text() const { return message.text(); }
};

/// Anything that continues a conversation. Safe to share: every method may be called from several threads at once.
class ChatModel {
 public:
  virtual ~ChatModel() = default;
  virtual std::string name() const = 0;
  virtual size_t context_tokens() const = 0;  // 0: not known
  virtual size_t count_tokens(std::string_view text) const = 0;
  /// Of a whole conversation, with what marks its turns. By default the texts and a few for each message.
  virtual size_t count_tokens(std::span<const Message> messages) const;
  /// Throws Exhausted when the messages do not fit the context, Unsupported where the model cannot take them (no chat
  /// template, pictures), Cancelled when the current Context ends; on_text's false is no error (ChatFinish::Cancelled).
  virtual ChatReply chat(std::span<const Message> messages, const ChatOptions& options = {}) const = 0;
  /// How likely the model finds each of `answers` as the whole beginning of its answer: the natural logarithm of the
  /// probability. Throws Unsupported where it cannot be known.
  virtual std::vector<double> score(std::span<const Message> messages, std::span<const std::string> answers) const;
};

// ---- where models come from ----

struct OpenChatOptions {
  size_t context_tokens = 0;       // 0: the model's own, see LanguageModelOptions
  bool exact = false;              // float32 throughout (LanguageModelOptions)
  std::string chat_template = {};  // in place of the model's own; "plain": plain_chat_template()
  bool plain_if_none = false;      // plain_chat_template() where the model brings no template
  std::vector<std::pair<std::string, std::filesystem::path>> adapters = {};  // LanguageModelOptions
  std::string draft = {};  // a model of this process that guesses what this one writes (LanguageModelOptions)
  // Of servers:
  std::string api_key = {};  // empty: OPENAI_API_KEY
  double timeout_seconds = 600;
  text::TokenCounter count = {};  // how the served model counts; empty: estimated
};

/// A model by name: a .gguf or llama2.c file, a folder, ORG/NAME (or ORG/NAME:QUANTISATION) of the Hub's cache; or the
/// address of an OpenAI-compatible server, "http://host:port/v1" or "http://host:port/v1#MODEL".
/// Throws NotFound with what to do, and what LanguageModel does.
std::shared_ptr<const ChatModel> open_chat_model(const std::string& name, const OpenChatOptions& options = {});
/// Whether a name means a server.
bool is_server(std::string_view name);
/// The file or folder of a model of this process by the same names. Throws Unsupported for a server.
std::filesystem::path find_language_model(const std::string& name);

/// A language model of this process (hanok/generate.h). Throws Unsupported at the first chat where the model brings no
/// chat template.
std::unique_ptr<ChatModel> make_local_chat(std::shared_ptr<const LanguageModel> model);
/// What a chat's options are to such a model; what is not set is as Sampling has it, and 512 tokens.
GenerateOptions generate_options(const ChatOptions& options);
/// "user: ...\nassistant:" for models that were never taught to chat; end answers with stop = {"\nuser:"}.
std::string plain_chat_template();

/// An OpenAI-compatible server: base_url as SDKs take it ("http://127.0.0.1:8080/v1"). The key comes from api_key or
/// OPENAI_API_KEY. Retries 408, 429 and 5xx with backoff; throws Unavailable with the server's own words.
struct OpenAiOptions {
  std::string base_url, model, api_key;
  double connect_timeout_seconds = 5, timeout_seconds = 600;
  int retries = 2;
  size_t context_tokens = 0;
  /// Tokens as the served model counts them (a tokenizer.json); empty: estimated as text::count_tokens and a quarter
  /// more.
  text::TokenCounter count;
};
/// What a server says of the model it answers with: the named one, else its first. Empty and 0 where it does not say.
struct ServedModel {
  std::string name;
  size_t context_tokens = 0;
};
ServedModel served_model(const OpenAiOptions& options);
std::unique_ptr<ChatModel> make_openai_chat(const OpenAiOptions& options);

// ---- conversations ----

/// What to do when a conversation has grown over the model's context: leave out its oldest turns and say so
/// (ChatReply::dropped), or throw Exhausted with both counts.
enum class Overflow { DropOldest, Error };

/// A system message and turns. Not for several threads at once.
class Conversation {
 public:
  explicit Conversation(std::string system = {}) : system_(std::move(system)) {}

  /// Asks, and keeps question and answer; where an error is thrown the conversation is as before. An answer that was
  /// cancelled is kept as far as it came, when it has begun.
  /// Left out by Overflow::DropOldest: whole turns (a question with all that answers it), never the system message;
  /// they stay in messages().
  ChatReply say(const ChatModel& model, std::string text, const ChatOptions& options = {},
                Overflow overflow = Overflow::DropOldest);
  /// What say() does behind the question: for conversations that end with a tool's result. Throws Invalid where the
  /// last message is an answer already, or there is none.
  ChatReply go_on(const ChatModel& model, const ChatOptions& options = {}, Overflow overflow = Overflow::DropOldest);
  /// The same question once more, with its last answer forgotten. Throws Invalid where there is none.
  ChatReply retry(const ChatModel& model, const ChatOptions& options = {}, Overflow overflow = Overflow::DropOldest);

  /// What say() would give the model now, with how many messages left out; leaves room for an answer.
  struct Fitted {
    std::vector<Message> messages;
    size_t dropped = 0, tokens = 0;
  };
  Fitted fit(const ChatModel& model, size_t answer_tokens, Overflow overflow = Overflow::DropOldest) const;

  const std::string& system() const { return system_; }
  void set_system(std::string text) { system_ = std::move(text); }
  const std::vector<Message>& messages() const { return messages_; }  // without the system message
  void add(Message message) { messages_.push_back(std::move(message)); }
  void clear() { messages_.clear(); }
  /// Forgets the last question and its answer; false where there is none.
  bool undo();

  /// A file as docs/formats/chat.md describes it, replaced as a whole. Throws Unavailable, Exhausted.
  void save(const std::filesystem::path& file) const;
  /// Throws NotFound, Corrupt (what, where).
  static Conversation load(const std::filesystem::path& file);

 private:
  std::string system_;
  std::vector<Message> messages_;
};

}  // namespace hanok::chain
