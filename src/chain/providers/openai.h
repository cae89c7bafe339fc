// The JSON of OpenAI's chat completions, apart from the connection.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "hanok/chat.h"

namespace hanok::chain {

/// The list of functions as the API and chat templates want it; empty where there is none. Throws Invalid for
/// parameters that are not JSON.
std::string tools_json(std::span<const Tool> tools);

/// Whether a call must come; and throws Invalid where the choice does not fit the tools: none to call, none of that
/// name, or a constraint on the text beside tools that may be called.
bool must_call(const ChatOptions& options);
void check_tool_choice(const ChatOptions& options);

/// How a request is made beside its messages.
struct ChatRequest {
  std::string model;
  bool stream = true;
  bool usage = true;       // ask a stream for its token counts
  size_t first_words = 0;  // > 0: one token, with so many of the likeliest and their probabilities
};
/// The body of POST /chat/completions.
std::string chat_request(const ChatRequest& request, std::span<const Message> messages, const ChatOptions& options);

/// One event of a stream, or a whole answer.
struct ChatChunk {
  struct CallPart {
    size_t index = 0;
    std::string id, name, arguments;
  };
  std::string text;             // choices[0].delta.content, or choices[0].message.content of an answer in one piece
  std::vector<CallPart> calls;  // pieces of tool calls
  std::vector<TokenLogprob> logprobs;
  bool last = false;   // "[DONE]", or a finish_reason
  std::string finish;  // finish_reason, empty where there is none
  std::string model;
  size_t prompt_tokens = 0, completion_tokens = 0, cached_tokens = 0;  // where it says
};
/// Throws Unavailable for an error object, with its message, and for what is not JSON.
ChatChunk read_chat_chunk(std::string_view data);

/// The likeliest first words of an answer, with the natural logarithms of their probabilities: logprobs of
/// choices[0]. Empty where the server gives none.
std::vector<std::pair<std::string, double>> read_first_words(std::string_view body);

/// Joins the pieces of tool calls; each call is found by its index.
class CallCollector {
 public:
  /// Throws Unavailable for more than kMostCalls, or arguments over kLongestArguments bytes.
  /// Whether it is the first piece of its call.
  bool add(const ChatChunk::CallPart& part);
  std::vector<ToolCall> take();
  static constexpr size_t kMostCalls = 128, kLongestArguments = 1u << 20;

 private:
  std::map<size_t, ToolCall> calls_;
};

/// From the answer to GET /models: the model called `name`, or with an empty name the first. A context length is
/// max_model_len (vLLM), context_length or meta.n_ctx (llama.cpp). Empty for what is not such an answer.
ServedModel read_models(std::string_view body, std::string_view name);

/// The server's own words in an error body: error.message, message, detail, error, or the start of the body itself.
std::string error_words(std::string_view body);

/// Seconds to wait as the headers retry-after-ms and retry-after (seconds) say; negative when they say nothing.
double retry_after_seconds(std::string_view header_line);

}  // namespace hanok::chain
