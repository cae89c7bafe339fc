#include "server/admin/openapi.h"

#include <set>

#include "base/ascii.h"
#include "base/json.h"

namespace hanok::server {
namespace {

using base::OrderedJson;

constexpr std::string_view kShort = "/v1";

// {name}s of a pattern, in their order.
OrderedJson parameters(const std::string& pattern) {
  OrderedJson out = OrderedJson::array();
  for (size_t at = pattern.find('{'); at != pattern.npos; at = pattern.find('{', at + 1))
    out.push_back({{"name", pattern.substr(at + 1, pattern.find('}', at) - at - 1)},
                   {"in", "path"},
                   {"required", true},
                   {"schema", {{"type", "string"}}}});
  return out;
}

OrderedJson content(const std::string& schema) {
  return {{"application/json", {{"schema", schema.empty() ? OrderedJson::object() : OrderedJson::parse(schema)}}}};
}

OrderedJson operation(const Route& route) {
  OrderedJson out = {{"tags", {route.tag}}, {"summary", route.options.summary}};
  const OrderedJson captures = parameters(route.pattern);
  if (!captures.empty()) out["parameters"] = captures;
  if (!route.options.with_header.empty())
    out["parameters"].push_back(
        {{"name", route.options.with_header}, {"in", "header"}, {"required", true}, {"schema", {{"type", "string"}}}});
  if (!route.options.request_schema.empty())
    out["requestBody"] = {{"required", true}, {"content", content(route.options.request_schema)}};
  out["responses"] = {{"2XX", {{"description", "as it was asked for"}}},
                      {"4XX", {{"description", "what is wrong with the request"}}}};
  if (!route.options.reply_schema.empty()) out["responses"]["2XX"]["content"] = content(route.options.reply_schema);
  if (route.options.scope != Scope::Open) out["security"] = OrderedJson::array({{{"key", OrderedJson::array()}}});
  out["x-scope"] = scope_name(route.options.scope);
  return out;
}

}  // namespace

std::string openapi_document(const Router& router, const std::string& version) {
  std::set<std::string> patterns;
  for (const auto& route : router.routes()) patterns.insert(route->pattern);
  OrderedJson paths = OrderedJson::object();
  for (const auto& route : router.routes()) {
    // What is there under /v1 too is told of once; a header makes another route of the same path.
    if (route->options.with_header.empty() && patterns.contains(std::string(kShort) + route->pattern)) continue;
    const std::string method = base::lower(route->method);
    // Of two vendors at one path the first is told of under its own name, the other beside it.
    OrderedJson& path = paths[route->pattern];
    const bool taken = path.contains(method);
    path[taken ? "x-" + route->tag + "-" + method : method] = operation(*route);
  }
  return base::dump_json(
      OrderedJson{{"openapi", "3.1.0"},
                  {"info", {{"title", "hanok"}, {"version", version.empty() ? "0" : version}}},
                  {"paths", paths},
                  {"components", {{"securitySchemes", {{"key", {{"type", "http"}, {"scheme", "bearer"}}}}}}}});
}

}  // namespace hanok::server
