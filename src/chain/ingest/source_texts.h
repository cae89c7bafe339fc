// Texts that are no files, as documents of a collection.
#pragma once

#include <set>
#include <span>
#include <string>
#include <vector>

#include "hanok/indexing.h"

namespace hanok::chain {

/// DocumentInfo::format of such a document.
inline constexpr const char* kTextFormat = "text";

/// Of the text and its metadata: equal hashes are the same document.
std::string source_text_hash(const SourceText& text);
/// The document's path: SOURCE#HASH; "text#HASH" of a text without a source.
std::string source_text_key(const SourceText& text);
text::Document as_document(const SourceText& text);
/// Its metadata, with "source".
store::Json source_text_metadata(const SourceText& text);

/// Of the documents of texts that are stored (by key), those that a call that brings `present` forgets. One that
/// brings nothing forgets nothing, even with Cleanup::Full, unless prune; `warnings` says so. Texts without a source do
/// not go by Cleanup::Incremental: nothing says that one took the place of another.
std::vector<std::string> gone_texts(std::span<const std::string> stored, const std::set<std::string>& present,
                                    Cleanup cleanup, bool prune, std::vector<std::string>& warnings);

}  // namespace hanok::chain
