// What a chat request asks for, read out of its JSON: the same for /chat/completions and /responses.
#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "hanok/chat.h"
#include "server/house.h"
#include "server/http/message.h"

namespace hanok::server {

struct ChatCall {
  std::string model;
  std::vector<chain::Message> messages;
  chain::ChatOptions options;
  size_t n = 1;  // answers
  bool stream = false, usage_in_stream = false;
};
/// Of /chat/completions. Throws Refusal 400 with the field that is wrong; fields it does not know are passed over.
/// text: the body as it came, since the order of a schema's properties is the order of the answer's.
ChatCall read_chat_call(const base::Json& body, const std::string& text);
/// The body with its keys in their order. Refusal 400 where an object has more than 1,024.
base::OrderedJson ordered(const base::Json& body, const std::string& text);

// The parts that both APIs share.
void read_sampling(const base::Json& body, chain::ChatOptions& options);  // temperature, top_p, top_k, min_p, seed
/// {"type": "text" | "json_object" | "json_schema", ...}, the schema beside "type" or within "json_schema".
void read_format(const base::OrderedJson* format, const char* name, chain::ChatOptions& options);
/// Into options.tool_choice: "none", "auto", "required", {"type": "function", ...} with the name within "function" or
/// beside "type". {"type": "allowed_tools", ...}, its fields beside "type" or within "allowed_tools", leaves of
/// options.tools those that it names. Types that it allows beside function are returned.
std::vector<std::string> read_tool_choice(const base::Json* choice, chain::ChatOptions& options);
/// Content that is a string or a list of parts (text, input_text, output_text, image_url, input_image).
std::vector<chain::Part> read_parts(const base::Json& content, const std::string& where);

/// Room for an answer when the caller sets no limit: what the context holds behind the messages. Throws Refusal 400
/// context_length_exceeded where they do not fit: nothing is cut silently.
void fit_context(const chain::ChatModel& model, ChatCall& call);
/// Where a request names no seed its answers differ from one time to the next.
uint64_t any_seed();
/// The last message of the user that says something. Refusal 400 (`field` is where messages are) where there is none.
std::string last_question(const std::vector<chain::Message>& messages, const char* field);
/// 400 context_length_exceeded for an Error that says so, else what problem_of says.
Problem chat_problem(const std::exception& error);

// ---- shapes of answers
std::string finish_reason(chain::ChatFinish finish);
base::OrderedJson usage_json(size_t prompt, size_t completion, size_t cached);
base::OrderedJson tool_calls_json(const std::vector<ToolCall>& calls);
/// One entry of logprobs.content.
base::OrderedJson logprob_json(const TokenLogprob& token);
/// "data: {...}\n\n".
std::string event_line(const base::OrderedJson& value);
/// What SDKs raise as an error in the middle of a stream.
std::string error_event(const Problem& problem);
/// Into the server's numbers.
void count_tokens(House& house, size_t prompt, size_t completion);

}  // namespace hanok::server
