// What a route is given and what it gives back: plain structs, the same for a socket and for a test.
//
//   router.group("/v1", "openai", openai_problem).add("POST", "/embeddings", [&](const Request& request) {
//     const auto body = json_body(request);
//     ...
//     return Reply::json(base::dump_json(out));
//   }, {.scope = Scope::Read, .summary = "Vectors of texts"});
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hanok/context.h"
#include "hanok/error.h"

namespace hanok::server {

/// What a key may do, from little to much. Open: no key is needed.
enum class Scope { Open, Read, Write, Admin };
/// "open", "read", "write", "admin".
std::string_view scope_name(Scope scope);

/// What the caller of a request may do.
struct Access {
  std::string key = {};                             // its name, for the log; empty: keys are off
  Scope scope = Scope::Admin;                       // everywhere it may go at all
  std::vector<std::string> collections = {};        // empty: all
  std::map<std::string, Scope> of_collection = {};  // where it is another than `scope`

  Scope of(std::string_view collection) const;
  /// Throws Refusal 403 where the key does not reach so far. A route that works on one collection calls it with the
  /// collection's name; that the key has the route's scope anywhere at all was looked at before.
  void require(Scope needed, std::string_view collection) const;
  /// The widest it has anywhere.
  Scope widest() const;
};

using Fields = std::vector<std::pair<std::string, std::string>>;

struct Request {
  std::string method;                                // "GET", "POST", ...
  std::string path;                                  // as it was sent, without the query
  std::map<std::string, std::string> captures = {};  // of the route's {names}, percent-decoded, UTF-8 without NUL
  Fields query = {};                                 // decoded, in the order sent; a name may come several times
  Fields headers = {};                               // names in lower case
  std::string body = {};                             // unpacked where it came packed
  std::string id = {};                               // x-request-id: the client's, or a new one
  std::string remote = {};                           // the client's address
  std::string base_url = {};                         // how the client reaches this server: "http://127.0.0.1:8000"
  std::string route = {};                            // the pattern that matched: "/v1/models/{model}"
  bool own_page = true;                              // no Origin, this server's own, or one of --cors
  Access access = {};
  Context context = {};  // ends when the client is gone, at the server's deadline or its stop

  /// The first of that name (in lower case); "" where there is none.
  std::string_view header(std::string_view name) const;
  const std::string& capture(const std::string& name) const { return captures.at(name); }
  std::optional<std::string> parameter(std::string_view name) const;  // of the query
  std::vector<std::string> parameters(std::string_view name) const;
  /// A whole number of the query; Invalid with what was found where it is none, or outside [least, most].
  size_t number(std::string_view name, size_t otherwise, size_t least = 0, size_t most = SIZE_MAX) const;
};

/// Where a streamed answer goes.
class Writer {
 public:
  virtual ~Writer() = default;
  /// Waits while the client is slow to read; throws Error(Cancelled) once it is gone.
  virtual void write(std::string_view piece) = 0;
};

struct Reply {
  int status = 200;
  std::string content_type = {};
  std::string body = {};
  Fields headers = {};
  /// Makes the body piece by piece in place of `body`. It runs under the request's context, on the thread of the
  /// handler, after the handler returned; what it throws cuts the answer off.
  std::function<void(Writer&)> stream = {};

  static Reply json(std::string text, int status = 200) { return {status, "application/json", std::move(text)}; }
  static Reply text(std::string text, int status = 200) {
    return {status, "text/plain; charset=utf-8", std::move(text)};
  }
  static Reply empty(int status = 204) { return {status}; }
  static Reply events(std::function<void(Writer&)> stream) {
    return {200, "text/event-stream; charset=utf-8", {}, {{"cache-control", "no-cache"}}, std::move(stream)};
  }
};

using Handler = std::function<Reply(const Request&)>;

/// Why a request was refused, before a vendor's own words are put around it.
struct Problem {
  int status = 500;
  std::string message;
  /// One word for programs. Of an Error its code_name(); of the server itself "unauthorized" 401, "forbidden" 403,
  /// "not_found" 404, "method_not_allowed" 405, "timeout" 408, "too_large" 413, "unsupported_media_type" 415,
  /// "busy" 429 and "unavailable" 503 (both with retry_after_s); of a Refusal what it says.
  std::string code;
  std::string param = {};  // the field that is wrong, where one is known
  int retry_after_s = 0;
  Fields headers = {};
};
/// How a group of routes says it: the vendor's own shape.
using ProblemWriter = std::function<Reply(const Problem&, const Request&)>;

/// An Error with a status and words of its own, for what a vendor's API answers otherwise than http_status(code) does.
class Refusal : public Error {
 public:
  explicit Refusal(Problem problem);
  const Problem& problem() const { return problem_; }

 private:
  Problem problem_;
};

/// What an exception that left a handler means: a Refusal's own, an Error's code, bad_alloc 503, all else 500.
/// Cancelled becomes 503 unless the client is gone: the server stops.
Problem problem_of(const std::exception& error);

/// "OK", "Not Found", ...; "" for what is not known.
std::string_view reason_phrase(int status);

/// %41 and the like; plus: '+' is a blank, as in queries. Nothing where it is malformed, or no UTF-8, or holds a NUL.
std::optional<std::string> percent_decoded(std::string_view text, bool plus = false);
/// "a=1&b=2"; nothing where it is malformed.
std::optional<Fields> parse_query(std::string_view text);

}  // namespace hanok::server
