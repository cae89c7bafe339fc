// RTF from hostile bytes.
#include <cstdint>

#include "text/loaders/fuzzing.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  hanok::text::load_hostile("a.rtf", std::string_view(reinterpret_cast<const char*>(data), size));
  return 0;
}
