// The indexing call: files or texts into a collection, and what it forgets. Part of the door of room `chain`.
//
//   const chain::SourceText texts[] = {{"The library opens at nine.", "hours.html"}};
//   chain::index_texts(collection, texts, {.cleanup = chain::Cleanup::Incremental});
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "hanok/chain.h"

namespace hanok::chain {

/// What a call forgets of what the collection holds; LangChain's record manager has the same words.
enum class Cleanup {
  None,         // nothing
  Incremental,  // what the sources of this call held before and hold no longer: files of folders, texts of a source
  Full,         // all that this call does not bring; where it brings nothing at all, only with IngestOptions::prune
};
/// "none", "incremental", "full"; throws Invalid for another word.
Cleanup cleanup_named(std::string_view name);
std::string_view cleanup_name(Cleanup cleanup);

struct IndexingOptions {
  Cleanup cleanup = Cleanup::Incremental;
  bool force = false;  // read again what has not changed: for other metadata, for example
  IngestOptions ingest = {};
};

/// ingest() of files with another cleanup than its own, which is Incremental. A changed file takes the place of what it
/// was, whatever `cleanup` says: a path is one document.
IngestReport index_files(store::Collection& collection, std::span<const std::filesystem::path> paths,
                         const IndexingOptions& options = {});

/// A text that is no file of its own: a row of a database, an entry of a feed.
struct SourceText {
  std::string text;
  std::string source = {};  // where it is from; several texts may have one. Empty: it stays until Cleanup::Full
  store::Json metadata = store::Json::object();
};
/// The same for texts, as LangChain's index() does it. Each is a document SOURCE#HASH, by its text and metadata, with
/// the metadata "source"; one that is there already is left alone, another of the same source stands beside it, and
/// `cleanup` says which of the others go. Texts and files do not forget each other.
IngestReport index_texts(store::Collection& collection, std::span<const SourceText> texts,
                         const IndexingOptions& options = {});
/// Lines of JSON: {"text", "source", "metadata"}, all but the first may be missing. Throws Invalid with the line;
/// `name` is for its messages.
std::vector<SourceText> read_source_texts(std::string_view lines, const std::string& name);

}  // namespace hanok::chain
