// hanok mcp: the documents as tools of an MCP client, over stdin and stdout.
#include <iostream>

#include "chat_models.h"
#include "command.h"
#include "hanok/error.h"
#include "models_in_use.h"
#include "server/mcp/protocol.h"

namespace hanok::app {
namespace {

constexpr size_t kLongestLine = 4u << 20;  // bytes of a message

struct Flags {
  ChatFlags model;
};

/// A line of stdin; false at its end. A longer one than kLongestLine is cut, and then no JSON.
bool read_line(std::string& line) {
  line.clear();
  int c = 0;
  while ((c = std::cin.get()) != std::char_traits<char>::eof() && c != '\n')
    if (line.size() <= kLongestLine) line += static_cast<char>(c);
  return c != std::char_traits<char>::eof() || !line.empty();
}

void run(Session& session, const Flags& flags) {
  chain::DocumentTools documents{.collection = session.store(false).collection(session.collection_name())};
  const auto models = ModelsInUse::for_search(session, *documents.collection->snapshot());
  documents.embedder = models.embedder();
  documents.model = open_chat(session, flags.model).model;
  const server::mcp::Protocol protocol({chain::make_search_tool(documents), chain::make_fetch_tool(documents),
                                        chain::make_ask_tool(documents), chain::make_list_documents_tool(documents)},
                                       HANOK_VERSION);
  for (std::string line; read_line(line);) {
    if (line.find_first_not_of(" \t\r") == line.npos) continue;
    if (const auto answer = protocol.answer_line(line)) std::cout << *answer << "\n" << std::flush;
  }
}

}  // namespace

void add_mcp(Command& root) {
  auto flags = std::make_shared<Flags>();
  Command c = root.subcommand(
      "mcp", "Serve the documents as tools (search, fetch, ask, list_documents) to an MCP client over stdio.",
      "A client starts it by itself. For Claude Desktop, in claude_desktop_config.json:\n"
      "  {\"mcpServers\": {\"hanok\": {\"command\": \"hanok\", \"args\": [\"mcp\"]}}}\n\n"
      "With --model, or the setting model, `ask` is answered by a language model; else by the best sentences. The same tools\n"
      "over HTTP are POST /mcp of `hanok serve`.");
  flags->model.add_to(c);
  c.run([flags](Session& session) { run(session, *flags); });
}

}  // namespace hanok::app
