// What the fuzz programs of the loaders share.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "text/loaders/document_checks.h"

namespace hanok::text {

/// Loads bytes under this name with small limits. An Error is an answer; a broken promise or Code::Internal aborts.
inline void load_hostile(std::string_view name, std::string_view bytes) {
  static const LoadOptions options{.max_file_bytes = 1 << 20, .max_text_bytes = 1 << 20, .max_unpacked_bytes = 4 << 20};
  try {
    const std::string broken = broken_promise(load_bytes(name, bytes, options));
    if (broken.empty()) return;
    std::fprintf(stderr, "%s\n", broken.c_str());
    std::abort();
  } catch (const Error& e) {
    if (e.code() == Code::Internal) std::abort();
  }
}

}  // namespace hanok::text
