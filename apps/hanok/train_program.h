// The program that trains: hanok runs it as git runs its subcommands, so that hanok itself needs no libtorch.
#pragma once

#include <string>

namespace hanok::app {

/// What to do where it is not there.
inline constexpr const char* kNoTrainProgram =
    "install the package hanok-train, or build it: install TRAIN_PACKAGES of tools/packages.sh, configure with "
    "-DHANOK_TRAIN=ON, build the target hanok-train (docs/vision.md)";

/// Its file: beside this program, in ../libexec/hanok from there, or on PATH. Empty where it is not there.
std::string train_program();

}  // namespace hanok::app
