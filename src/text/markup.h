// Text as the text of a page or a picture: HTML and SVG.
#pragma once

#include <string>
#include <string_view>

namespace hanok::text {

/// With & < > and " as entities: safe between tags and in attributes with double quotes. (Jinja's `escape` writes
/// others.)
std::string escape_markup(std::string_view text);

}  // namespace hanok::text
