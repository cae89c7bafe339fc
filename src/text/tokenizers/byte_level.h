// GPT-2's bytes as printable characters: every byte is one code point, so that any text is a string of known
// characters.
#pragma once

#include <string>
#include <string_view>

namespace hanok::text::tokenizers {

/// Appends the characters of `bytes`: printable Latin-1 stands for itself, the other 68 bytes for U+0100 and up.
void append_byte_level(std::string& out, std::string_view bytes);
/// Appends the bytes of a token; false (and nothing appended) when a character of it stands for no byte.
bool append_bytes(std::string& out, std::string_view token);

}  // namespace hanok::text::tokenizers
