// The JSON of OpenAI's chat completions, apart from the connection.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "hanok/chain.h"

namespace hanok::chain {

/// The body of POST /chat/completions.
std::string chat_request(const OpenAiOptions& options, const std::string& model, std::span<const Message> messages);

struct ChatChunk {
  std::string text;   // choices[0].delta.content, or choices[0].message.content of an answer in one piece
  bool last = false;  // "[DONE]", or a finish_reason
};

/// One event of a stream, or a whole answer. Throws Unavailable for an error object, with its message, and for what is
/// not JSON.
ChatChunk read_chat_chunk(std::string_view data);

/// From the answer to GET /models: the model called `name`, or with an empty name the first. A context length is
/// max_model_len (vLLM), context_length or meta.n_ctx (llama.cpp). Empty for what is not such an answer.
ServedModel read_models(std::string_view body, std::string_view name);

/// The server's own words in an error body: error.message, message, detail, error, or the start of the body itself.
std::string error_words(std::string_view body);

/// Seconds to wait as the headers retry-after-ms and retry-after (seconds) say; negative when they say nothing.
double retry_after_seconds(std::string_view header_line);

}  // namespace hanok::chain
