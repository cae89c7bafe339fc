// Which names a template asks for that it does not give itself.
#pragma once

#include <string>
#include <vector>

#include "text/template/ast.h"

namespace hanok::text::jinja {

/// Sorted: names that are neither set, looped over, a macro's own, nor global functions. A name that is asked for only
/// by "is defined" or "default" is none that must be given, and not among them.
std::vector<std::string> free_names(const Block& block);

}  // namespace hanok::text::jinja
