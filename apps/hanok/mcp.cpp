// hanok mcp: the documents as tools of an MCP client, over stdin and stdout.
#include <iostream>
#include <optional>

#include "chat_models.h"
#include "command.h"
#include "hanok/error.h"
#include "models_in_use.h"
#include "own_prompts.h"
#include "server/mcp/protocol.h"
#include "watched_folders.h"

namespace hanok::app {
namespace {

constexpr size_t kLongestLine = 4u << 20;  // bytes of a message

struct Flags {
  std::vector<std::string> folders;
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

/// Watches the folders where nobody else writes into the data directory; two clients may start this at once.
void watch(Session& session, const std::vector<std::string>& folders, std::optional<WatchedFolders>& out) {
  if (folders.empty()) return;
  session.background = true;
  try {
    session.store(true);
  } catch (const Error& error) {
    if (error.code() != Code::Unavailable) throw;
    session.note("note: the folders are not watched, the documents are as another process keeps them: " +
                 std::string(error.what()));
    return;
  }
  out.emplace(session, session.store(true), folders);
}

void run(Session& session, const Flags& flags) {
  std::optional<WatchedFolders> watched;
  watch(session, flags.folders, watched);
  std::optional<ModelsInUse> models;
  chain::DocumentTools documents;
  if (watched) {
    documents = {.collection = watched->collection(), .embedder = watched->embedder()};
  } else {
    documents.collection = session.store(false).collection(session.collection_name());
    models.emplace(ModelsInUse::for_search(session, *documents.collection->snapshot()));
    documents.embedder = models->embedder();
  }
  documents.model = open_chat(session, flags.model).model;
  documents.prompt_template = own_prompt(session, "ask");
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
      "With folders their files are read first, in the background, and again when they change:\n"
      "  hanok mcp ~/Documents\n\n"
      "With --model, or the setting model, `ask` is answered by a language model; else by the best sentences. The same tools\n"
      "over HTTP are POST /mcp of `hanok serve`.");
  c.positionals("FOLDER", flags->folders, "folders whose files are served, kept up to date meanwhile", false);
  flags->model.add_to(c);
  c.cache();
  c.run([flags](Session& session) { run(session, *flags); });
}

}  // namespace hanok::app
