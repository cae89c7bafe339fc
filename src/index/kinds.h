// The table behind make() and open(): a new kind is one file and one line in factory.cpp.
#pragma once

#include <memory>
#include <span>

#include "hanok/index.h"
#include "index/file.h"

namespace hanok::index {

/// A key that every kind lets pass: kind "auto" keeps what it needs to go on choosing here (auto.h). make() refuses it.
inline constexpr const char* kAutoKey = "auto";
/// Another: what was measured for the setting that searches use (trial.h), as JSON.
inline constexpr const char* kPromiseKey = "promise";

struct Kind {
  const char* name;
  std::unique_ptr<Index> (*make)(const Options& options);
  std::unique_ptr<Index> (*open)(const FileReader& file);  // the reader's map lives as long as a copy of it does
};

std::span<const Kind> kinds();

/// make() for one of the table, which kind "auto" is not.
std::unique_ptr<Index> make_chosen(const std::string& kind, const Options& options);

/// open() for a file that is read already: throws Corrupt for a kind nobody knows.
std::unique_ptr<Index> open(const FileReader& file);

}  // namespace hanok::index
