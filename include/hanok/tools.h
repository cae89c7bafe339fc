// Tools that agents and MCP clients may call. Part of the door of room `chain`.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "hanok/chain.h"
#include "hanok/chat.h"

namespace hanok::chain {

/// Safe to call from several threads.
class AgentTool {
 public:
  virtual ~AgentTool() = default;
  virtual const Tool& definition() const = 0;
  /// `input`: JSON that satisfies the definition's parameters. Throws Error for what cannot be done; its message is
  /// for the model.
  virtual std::string call(const std::string& input) const = 0;
};
using Toolbox = std::vector<std::shared_ptr<const AgentTool>>;

/// A function as a tool. `parameters`: a JSON schema of type object.
std::shared_ptr<const AgentTool> make_tool(Tool definition, std::function<std::string(const std::string& input)> call);

/// Why an input does not suit a tool's parameters; empty where it does. Keywords that are not known here are the tool's
/// own affair.
std::string unfit_input(const AgentTool& tool, const std::string& input);

/// "calculator": exact numbers (fractions of any size), units of time, dates; see calculate().
std::shared_ptr<const AgentTool> make_calculator();

/// What "12.5% * 80", "2/3 + 1/6", "3 h 20 min + 45 min in h", "2026-12-25 - 2026-03-01 in days",
/// "weekday(2026-11-29)", "sqrt(2)" are. Exact where it can be ("5/6 ≈ 0.833333333333"); a result that is rounded
/// begins with "≈". today: for the word; empty: the clock's. Throws Invalid with the place, Exhausted for numbers
/// beyond 10,000 digits.
std::string calculate(std::string_view expression, std::string_view today = {});

/// Documents of one collection. The snapshot is taken anew for every call.
struct DocumentTools {
  std::shared_ptr<store::Collection> collection;
  const EmbeddingModel* embedder = nullptr;
  std::shared_ptr<const ChatModel> model = nullptr;  // of `ask`; none: the best sentences
  std::string prompt_template = {};                  // of `ask`, as in AskOptions
  size_t k = 5;
  size_t most_bytes = 16'000;  // of a text that is given back; the rest is cut, and said
};
/// "search": {"query"} -> {"results": [{"id", "title", "url", "text"}]}.
std::shared_ptr<const AgentTool> make_search_tool(const DocumentTools& documents);
/// "fetch": {"id"} -> {"id", "title", "text", "url", "metadata"}; ids are those of search ("PATH#N") and paths.
std::shared_ptr<const AgentTool> make_fetch_tool(const DocumentTools& documents);
/// "ask": {"question"} -> {"answered", "answer", "citations"}.
std::shared_ptr<const AgentTool> make_ask_tool(const DocumentTools& documents);
/// "list_documents": {} -> {"documents": [{"id", "title", "format", "passages"}]}.
std::shared_ptr<const AgentTool> make_list_documents_tool(const DocumentTools& documents);

/// "read_file" and "list_files" within the folders: no path, "..", or link leads out of them.
std::shared_ptr<const AgentTool> make_read_file_tool(std::vector<std::filesystem::path> folders);
std::shared_ptr<const AgentTool> make_list_files_tool(std::vector<std::filesystem::path> folders);

/// "sql": one SELECT over a SQLite file, which is opened read-only.
std::shared_ptr<const AgentTool> make_sql_tool(std::filesystem::path file);

struct HttpGetOptions {
  std::vector<std::string> hosts;  // that may be asked; "example.org" means its subdomains too. Empty: none
  size_t most_bytes = 200'000;
  double timeout_seconds = 20;
};
/// "http_get": pages of the hosts that are allowed, without following redirects elsewhere. Names that resolve to
/// private, local or link-local addresses are refused, and the connection goes to the address that was checked.
std::shared_ptr<const AgentTool> make_http_get_tool(const HttpGetOptions& options);

/// "shell": a command by `sh -c` in `folder`, within limits of time, memory and output, in a namespace of its own that
/// sees the file system read-only but for the folder, and no network. Throws Unsupported where the system allows no
/// such namespace: a shell without walls is none of the tools.
std::shared_ptr<const AgentTool> make_shell_tool(const std::filesystem::path& folder);

/// The tools of an MCP server: "command with arguments" started here and talked to over stdio, or an http(s) URL. What
/// the server says is checked and bounded; it dies with the last of its tools. Throws Unavailable, with its words.
struct McpOptions {
  double timeout_seconds = 30;   // of one call
  size_t most_bytes = 4u << 20;  // of one message
  size_t most_tools = 128;
  std::string token = {};  // of a URL: Authorization: Bearer
};
Toolbox connect_mcp(const std::string& server, const McpOptions& options = {});

}  // namespace hanok::chain
