// OpenDocument from hostile XML. The first byte selects the part that the rest becomes: content of a text, a sheet or
// slides, styles, an object; the others are sound.
#include <cstdint>

#include "text/loaders/fuzzing.h"
#include "text/loaders/zip_maker.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace hanok::text;
  if (size == 0) return 0;
  const char* const parts[] = {"content.xml", "styles.xml", "meta.xml", "Object/content.xml"};
  const char* const names[] = {"a.odt", "a.ods", "a.odp"};
  const size_t kind = data[0] % 6;
  const std::string part = kind < 3 ? parts[0] : parts[kind - 2];
  std::vector<std::pair<std::string, std::string>> entries{
      {part, std::string(reinterpret_cast<const char*>(data) + 1, size - 1)}};
  const std::pair<const char*, const char*> around[] = {
      {"content.xml", "<d><body><text><p>x<frame><object href='Object'/></frame></p></text></body></d>"},
      {"Object/content.xml", "<math><annotation>x</annotation></math>"}};
  for (const auto& [name, bytes] : around)
    if (part != name) entries.emplace_back(name, bytes);
  load_hostile(names[kind % 3], make_zip(entries));
  return 0;
}
