// Cutting plain text by signs alone, for those who are used to it: what LangChain calls RecursiveCharacterTextSplitter.
// Part of the door of room `text`. Documents are better cut by text::split, which knows headings, sentences and tokens.
//
//   for (const std::string& piece : hanok::text::split_recursively(text, {.chunk_size = 500, .chunk_overlap = 50})) ...
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace hanok::text {

/// Where the separator of two pieces stays.
enum class KeepSeparator { No, Start, End };

struct RecursiveSplitOptions {
  size_t chunk_size = 4000;
  size_t chunk_overlap = 200;  // whole pieces of the chunk before that are repeated, no longer than this together
  /// Tried in order: the first that the text has cuts it, and pieces that are too long are cut by those behind it. An
  /// empty one cuts between characters.
  std::vector<std::string> separators = {"\n\n", "\n", " ", ""};
  KeepSeparator keep_separator = KeepSeparator::Start;
  bool strip_blanks = true;                        // of a chunk's ends; chunks of blanks alone are left out
  std::function<size_t(std::string_view)> length;  // empty: characters (code points)
};

/// Chunks in order. One is longer than chunk_size only where no separator is left to cut it by. Throws Invalid where
/// the overlap is larger than the size, the size is 0, or there are no separators. text: UTF-8; invalid bytes become
/// U+FFFD.
std::vector<std::string> split_recursively(std::string_view text, const RecursiveSplitOptions& options = {});

}  // namespace hanok::text
