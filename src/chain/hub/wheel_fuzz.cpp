// A wheel or zip from anyone: a model in the cache, or an Error.
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>

#include "base/file.h"
#include "chain/hub/archive.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace hanok;
  using namespace hanok::chain::hub;
  const int file = ::memfd_create("wheel", 0);
  if (file < 0 || ::write(file, data, size) != static_cast<ssize_t>(size)) __builtin_trap();
  const fs::path path = "/proc/self/fd/" + std::to_string(file);
  try {
    const Archive archive(path);
    for (const auto& entry : archive.entries()) {
      uint64_t bytes = 0;
      try {
        archive.read(entry, [&](std::string_view piece) { bytes += piece.size(); });
        if (bytes != entry.bytes) __builtin_trap();
      } catch (const Error&) {
      }
    }
    const base::TempFolder cache;
    import_package({.cache = cache.path()}, path);
    if (list_models({.cache = cache.path()}).size() != 1) __builtin_trap();
  } catch (const Error&) {
  }
  ::close(file);
  return 0;
}
