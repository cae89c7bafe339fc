// A collection asked as a model, "hanok/NAME": chain::ask behind the shapes of OpenAI's API.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "hanok/chain.h"
#include "server/house.h"
#include "server/http/message.h"

namespace hanok::server {

inline constexpr std::string_view kCollectionPrefix = "hanok/";
inline constexpr size_t kAskedPassages = 8;  // that an answer is made of

/// The collection that a model's name means: "hanok/notes", or "hanok/notes:extractive" for an answer made of the
/// passages' own sentences even where there is a chat model. Nothing for another name.
struct AskedCollection {
  std::string name;
  bool extractive = false;
  std::string chat_model = {};  // that writes the answer; empty: the first that is served
};
std::optional<AskedCollection> asked_collection(std::string_view model);

struct ChatCall;
/// What an answer out of passages cannot keep to is refused and not passed over: another format than text, several
/// answers, log probabilities, a function that must be called. Refusal 400.
void check_askable(const ChatCall& call);

struct AskedAnswer {
  chain::Answer answer;
  size_t prompt_tokens = 0, completion_tokens = 0;
};
/// The answer to the last question among `messages`. Throws Refusal 403, 404.
AskedAnswer ask_collection(House& house, const Request& request, const AskedCollection& asked,
                           const std::string& question, const store::Filter& filter, size_t k,
                           const std::function<bool(std::string_view)>& on_text);

/// Where a marker [n] stands in a text, in code points (as Python counts), and which citation it is.
struct Marker {
  size_t start = 0, end = 0;
  const chain::Citation* citation = nullptr;
};
std::vector<Marker> find_markers(const chain::Answer& answer);
/// message.annotations: a url_citation for each marker.
base::OrderedJson url_citations(const chain::Answer& answer);
/// What OpenAI's shapes have no room for: {"answered", "confidence", "citations": [{"n", "path", "page", ...}]}.
base::OrderedJson answer_details(const chain::Answer& answer);
/// "file:///home/a%20b/notes.pdf#page=3".
std::string file_url(const std::string& path, int page);

/// The collection with the caller's right to read it looked at; 404 as an API says it.
std::shared_ptr<store::Collection> readable_collection(House& house, const Request& request, const std::string& name);

}  // namespace hanok::server
