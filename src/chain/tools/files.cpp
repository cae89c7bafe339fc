// Files within given folders, and SQLite files.
#include "base/jail.h"
#include "chain/tools/input.h"
#include "hanok/error.h"
#include "hanok/text.h"
#include "hanok/tools.h"
#include "store/read_sql.h"

namespace hanok::chain {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t kLargestFile = 16u << 20;  // bytes
constexpr size_t kMostText = 32'000;          // bytes that are given back
constexpr size_t kMostEntries = 500;

std::string folder_names(const std::vector<fs::path>& folders) {
  std::string out;
  for (const auto& f : folders) out += (out.empty() ? "" : ", ") + f.string();
  return out;
}

void check(const std::vector<fs::path>& folders) {
  if (folders.empty()) throw Error(Code::Invalid, "a tool for files needs the folders that it may read");
  for (const auto& f : folders)
    if (!fs::is_directory(f)) throw Error(Code::NotFound, f.string() + ": there is no such folder");
}

std::string list(const std::vector<fs::path>& folders, const std::string& path) {
  using Kind = base::Listed::Kind;
  const auto entries = base::list_folder_within(folders, path.empty() ? "." : path);
  std::string out;
  for (size_t i = 0; i < entries.size() && i < kMostEntries; ++i) {
    const auto& e = entries[i];
    out += e.name +
           (e.kind == Kind::Folder ? "/"
            : e.kind == Kind::File ? "  " + std::to_string(e.bytes) + " bytes"
            : e.kind == Kind::Link ? "  a link"
                                   : "  no file") +
           "\n";
  }
  if (entries.size() > kMostEntries) out += "[" + std::to_string(entries.size() - kMostEntries) + " more]\n";
  return out.empty() ? "[empty]" : out;
}

std::string table(const store::SqlResult& r) {
  std::string out;
  const auto line = [&](const std::vector<std::string>& cells) {
    for (size_t i = 0; i < cells.size(); ++i) out += (i ? " | " : "") + cells[i];
    out += "\n";
  };
  line(r.columns);
  for (const auto& row : r.rows) line(row);
  out += r.cut ? "[more rows were left out]" : "(" + std::to_string(r.rows.size()) + " rows)";
  return out;
}

}  // namespace

std::shared_ptr<const AgentTool> make_read_file_tool(std::vector<fs::path> folders) {
  check(folders);
  return make_tool({"read_file", "Reads a file (text, PDF, DOCX, HWPX, ...) in: " + folder_names(folders),
                    one_text("path", "of the file, relative to the first folder or whole")},
                   [folders](const std::string& input) {
                     const std::string path = text_in(tool_input(input), "path");
                     const std::string bytes = base::read_file_within(folders, path, kLargestFile);
                     return cut_bytes(text::load_bytes(path, bytes).text, kMostText);
                   });
}

std::shared_ptr<const AgentTool> make_list_files_tool(std::vector<fs::path> folders) {
  check(folders);
  return make_tool({"list_files", "Lists the files of a folder in: " + folder_names(folders),
                    one_text("path", "of the folder; . is the first one")},
                   [folders](const std::string& input) { return list(folders, text_in(tool_input(input), "path")); });
}

std::shared_ptr<const AgentTool> make_sql_tool(fs::path file) {
  const auto tables =
      store::read_sql(file, "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%'");
  std::string shown;
  for (const auto& row : tables.rows) shown += (shown.empty() ? "" : "; ") + row[0];
  return make_tool({"sql", "Answers one SELECT of SQLite over these tables: " + cut_bytes(shown, 2000),
                    one_text("query", "one SELECT statement")},
                   [file](const std::string& input) {
                     return cut_bytes(table(store::read_sql(file, text_in(tool_input(input), "query"))), kMostText);
                   });
}

}  // namespace hanok::chain
