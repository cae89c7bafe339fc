// Messages of mail inside other files.
#pragma once

#include <string_view>

#include "text/loaders/writer.h"

namespace hanok::text {

/// A message under a heading of its subject and day: "환불 문의 (2025-03-04)". Throws Corrupt where it has no headers
/// or its parts nest too deep; what was written before stays.
void write_message(const Source& source, std::string_view bytes, Writer& out);

}  // namespace hanok::text
