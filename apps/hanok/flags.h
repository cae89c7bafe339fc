// What a value on the command line may be, and better words for names that do not exist. CLI11 stays behind
// command.cpp.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace hanok::app {

/// A whole number from `least` to a thousand millions.
CLI::Validator whole_number(size_t least);
/// A finite number from `least` to `most`.
CLI::Validator number(double least, double most);
CLI::Validator not_empty();

/// What a parse error is about, in better words: "'serch' is no command; did you mean 'search'?". Empty when every name
/// that was given exists.
std::string unknown_name(const CLI::App* app, int argc, char** argv);

}  // namespace hanok::app
