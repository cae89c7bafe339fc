#include "store/bitmap.h"

#include <exception>

namespace hanok::store {

std::string to_bytes(const Bitmap& set) {
  Bitmap small = set;
  small.runOptimize();
  std::string out(small.getSizeInBytes(), '\0');
  small.write(out.data());
  return out;
}

Bitmap bitmap_from(std::string_view bytes, std::string_view what) {
  if (bytes.empty()) return {};
  try {
    return Bitmap::readSafe(bytes.data(), bytes.size());
  } catch (const std::exception&) {
    throw Error(Code::Corrupt, std::string(what) + ": its set of ids is damaged (" + std::to_string(bytes.size()) +
                                   " bytes); restore a backup or ingest again");
  }
}

}  // namespace hanok::store
