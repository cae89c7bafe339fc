// From method and path to the handler. All routes are added before the server listens; after that every method may be
// called from several threads.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "server/http/message.h"

namespace hanok::server {

/// Which queue and threads a request waits for. A lane that is full refuses with 429; the others go on.
enum class Lane {
  Quick,     // looks something up: milliseconds
  Write,     // changes a collection
  Embed,     // runs an embedding model or a reranker
  Generate,  // runs a chat model: seconds
};
inline constexpr size_t kLanes = 4;
std::string_view lane_name(Lane lane);

struct RouteOptions {
  Scope scope = Scope::Read;
  Lane lane = Lane::Quick;
  std::string summary = {};         // one line, for /openapi.json
  std::string request_schema = {};  // JSON schema of the body, as text; empty: no body, or any
  std::string reply_schema = {};
  size_t most_body = 0;    // bytes, where that is less than the server's own limit; 0: that
  bool json_only = false;  // a body that says it is something else is a 415
  /// Taken only where the request has this header (in lower case), and then before routes without: one path that two
  /// vendors use.
  std::string with_header = {};
};

struct Route {
  std::string method, pattern;
  Handler handler;
  RouteOptions options;
  std::string tag;
  const ProblemWriter* problem = nullptr;
};

class Router {
 public:
  /// `problem` is how everything is refused that no group is responsible for.
  explicit Router(ProblemWriter problem);
  ~Router();
  Router(const Router&) = delete;
  Router& operator=(const Router&) = delete;

  /// Routes with a common beginning, vendor and shape of errors. Paths below the prefix that match no route are refused
  /// in that shape too (the longest prefix wins).
  class Group {
   public:
    /// pattern: what follows the prefix, "/tenants/{tenant}/databases"; {name} is one segment, not empty. Where two
    /// patterns match, the one with a literal segment earlier goes first. Throws Invalid where the same is there twice.
    /// HEAD goes to GET.
    Group& add(std::string method, std::string pattern, Handler handler, RouteOptions options = {});
    /// Parts of the vendor's API that are not served: whatever is at or below `pattern` and no route is refused with
    /// 501 and these words, so that nobody takes it for a mistake of their own.
    Group& not_served(const std::string& pattern, std::string why);

   private:
    friend class Router;
    Group(Router& router, std::string prefix, std::string tag, const ProblemWriter* problem)
        : router_(router), prefix_(std::move(prefix)), tag_(std::move(tag)), problem_(problem) {}
    Router& router_;
    std::string prefix_, tag_;
    const ProblemWriter* problem_;
  };
  Group group(std::string prefix, std::string tag, ProblemWriter problem);

  struct Found {
    const Route* route = nullptr;
    const ProblemWriter* problem = nullptr;  // never nullptr
    Problem refusal = {};                    // where route is nullptr: 400, 404 or 405 (with Allow)
  };
  /// Fills captures and route of `request`. `request.access` is not looked at.
  Found find(Request& request) const;
  /// Runs the route under request.context; whatever the handler throws becomes the group's problem. Never throws.
  Reply run(const Found& found, const Request& request) const;
  /// find, the key's scope, run: what the server does, without a socket. For tests.
  Reply handle(Request request) const;

  /// In the order they were added.
  const std::vector<std::unique_ptr<Route>>& routes() const { return routes_; }

 private:
  struct Node;
  void insert(const Route* route);
  std::unique_ptr<Node> root_;
  std::vector<std::unique_ptr<Route>> routes_;
  std::vector<std::pair<std::string, std::unique_ptr<ProblemWriter>>> groups_;
  struct NotServed {
    std::string prefix, why;
    const ProblemWriter* problem;
  };
  std::vector<NotServed> not_served_;
};

/// What a problem looks like on the wire: status, Retry-After, and the group's shape.
Reply refuse(const ProblemWriter& writer, const Problem& problem, const Request& request);

}  // namespace hanok::server
