// YAML files as JSON values.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/json.h"

namespace hanok::text {

/// One YAML 1.2 document. Scalars without quotes become null, booleans, whole numbers and numbers where they look like
/// it (core schema), else texts. Throws Invalid, with line and column, for what is no YAML, a key that stands twice or
/// is no scalar, nesting deeper than 64, and more than 100,000 values (aliases are followed, so a small file can be a
/// large value).
base::OrderedJson parse_yaml(std::string_view text, std::string_view what);

/// Where values stand: the line, from 1, of each by its JSON pointer ("/steps/0/prompt"; "" is the whole).
using YamlLines = std::map<std::string, size_t>;
base::OrderedJson parse_yaml(std::string_view text, std::string_view what, YamlLines& lines);

}  // namespace hanok::text
