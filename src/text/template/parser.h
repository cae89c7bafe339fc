// Tokens -> statements. Jinja's grammar as chat templates and prompts use it.
#pragma once

#include <string_view>

#include "text/template/ast.h"
#include "text/template/lexer.h"

namespace hanok::text::jinja {

/// Throws Invalid with the line: what stands there, what was expected; Unsupported for tags that reach for other files
/// (include, import, extends).
Block parse(std::string_view source, std::string_view name, const LexOptions& options = {});

}  // namespace hanok::text::jinja
