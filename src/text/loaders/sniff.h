// What a file is, by its first bytes, whatever its name says.
#pragma once

#include <string_view>

#include "text/loaders/loader.h"

namespace hanok::text {

/// "a PDF", "a zip archive", "a PNG picture", ...; empty for everything without a known mark (so for all text).
std::string_view begins_like(std::string_view bytes);

constexpr size_t kStart = 4096;  // bytes that tell what a file without a suffix is
/// True for text in a charset that is known, by its first kStart bytes; false for none.
bool looks_like_text(std::string_view start);

/// Throws when the first bytes contradict the suffix: Corrupt ("named .docx but begins like a PDF; ..."), or
/// Unsupported for a password-protected or old binary Office file.
void check_container(const Source& source, Container expected);

/// Throws Corrupt when decoded text is full of control characters: some binary format without a known mark.
void check_is_text(const Source& source, std::string_view utf8);

}  // namespace hanok::text
