// Mailboxes from hostile bytes: as they are, and as the second of three messages whose neighbours are sound.
#include <cstdint>

#include "text/loaders/fuzzing.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using hanok::text::load_hostile;
  if (size == 0) return 0;
  const std::string bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::string sound = "From a@x.example Tue Mar  4 10:00:00 2025\nSubject: keys\n\nunder the mat\n\n";
  load_hostile("a.mbox",
               data[0] % 2 == 0 ? bytes : sound + "From b Wed Mar  5 11:30:00 2025\n" + bytes + "\n\n" + sound);
  return 0;
}
