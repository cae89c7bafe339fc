// HWP documents from hostile bytes. The first byte selects: 0 a whole file, 1 a section's records in a container that
// is otherwise sound, 2 the records of DocInfo, 3 a packed section.
#include <cstdint>

#include "text/loaders/fuzzing.h"
#include "text/loaders/ole_maker.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace hanok::text;
  if (size == 0) return 0;
  const std::string bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::string paragraph = hwp_record(0x42, 0, std::string(24, '\0')) + hwp_record(0x43, 1, to_utf16le("글"));
  switch (data[0] % 4) {
    case 0:
      load_hostile("a.hwp", bytes);
      break;
    case 1:
      load_hostile("a.hwp", make_hwp({bytes}, {}, 0));
      break;
    case 2:
      load_hostile("a.hwp", make_hwp({paragraph}, bytes, 0));
      break;
    default: {
      // A packed stream that is not packed: the deflate decoder meets the bytes as they are.
      std::string head = "HWP Document File";
      head.resize(32);
      head += le_bytes(0x05000000, 4) + le_bytes(1, 4);
      load_hostile("a.hwp", make_ole({{"FileHeader", head}, {"DocInfo", ""}, {"BodyText/Section0", bytes}}));
    }
  }
  return 0;
}
