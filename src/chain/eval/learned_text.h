// Learned numbers as the C++ text of the files that are compiled in.
#pragma once

#include <string>
#include <vector>

namespace hanok::chain {

constexpr size_t kLearnedLine = 118;  // bytes

/// "{1, 2.5, ...}" on lines that are not too long; three digits a number.
std::string learned_numbers(const std::vector<double>& weights);
/// "/* kName */ {1, 2.5, ...},\n"
std::string learned_row(const std::string& name, const std::vector<double>& weights);

}  // namespace hanok::chain
