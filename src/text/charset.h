// Bytes of unknown origin -> UTF-8.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace hanok::text {

struct Decoded {
  std::string text;     // valid UTF-8, without a byte order mark
  std::string charset;  // "UTF-8", "UTF-16LE", "CP949", "WINDOWS-1252", ...
};

/// Finds the charset and converts. In this order:
///   1. a byte order mark (UTF-8, UTF-16, UTF-32);
///   2. `declared`, the name a header or a meta tag gave, when all bytes decode by it;
///   3. UTF-16 without a mark, when NUL bytes stand where Latin text would have them;
///   4. strict UTF-8; and UTF-8 with a few broken sequences (each bad byte becomes U+FFFD);
///   5. UTF-16 of other scripts, when nearly all units are common signs;
///   6. strict CP949, when what comes out is mostly Hangul syllables: uchardet does not know short or rare Korean;
///   7. what uchardet guesses, strictly; then Windows-1252 where few bytes are above 127.
/// nullopt: none of these; the bytes are not text.
std::optional<Decoded> to_utf8(std::string_view bytes, std::string_view declared = {});

/// Strict conversion by iconv's name of a charset; nullopt when a byte does not fit or the name is unknown.
/// A sequence cut off by the end of the bytes becomes U+FFFD.
std::optional<std::string> convert(std::string_view bytes, const std::string& charset);

}  // namespace hanok::text
