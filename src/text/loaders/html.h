// HTML -> text; also used for the chapters of an EPUB and the HTML parts of a mail.
#pragma once

#include <string_view>

#include "text/loaders/writer.h"

namespace hanok::text {

/// Appends the readable text of an HTML page in UTF-8: headings, paragraphs, list items, table rows ("a | b"), alt
/// texts; not scripts, styles, navigation, forms' fields or hidden elements. Sets the title from <title>. Throws
/// Corrupt when elements nest too deeply, Exhausted when the tree grows out of proportion.
void write_html(const Source& source, std::string_view utf8, Writer& out);

/// The charset that <meta> in the first 4096 bytes declares; empty when none.
std::string_view declared_charset(std::string_view bytes);

}  // namespace hanok::text
