// The JSON value in an answer that may say more.
#pragma once

#include <string_view>

namespace hanok::chain {

/// What stands in the first code block, else from the first '{' or '[' to where it is closed (to the end, where it is
/// not), else the whole; without blanks around it.
std::string_view find_json(std::string_view answer);

}  // namespace hanok::chain
