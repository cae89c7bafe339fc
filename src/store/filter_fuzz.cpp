// Any text as a where-condition: an Error(Invalid), or a condition that can be evaluated.
#include <cstdint>
#include <string_view>

#include "base/file.h"
#include "base/json.h"
#include "hanok/store.h"

namespace {

using namespace hanok;

store::Collection& small_collection() {
  static const base::TempFolder folder;
  static const auto store = store::Store::open(folder.path());
  static store::Collection& collection = [&]() -> store::Collection& {
    auto& c = *store->collection("c", true);
    for (int i = 0; i < 3; ++i) {
      store::NewDocument d;
      d.info.path = "d" + std::to_string(i);
      d.info.metadata = {{"n", i}, {"tags", {"a", "b"}}};
      d.text = "some text";
      d.chunks = {{.span = {0, 4}, .page = 1}, {.span = {5, 9}, .page = 2}};
      c.put(std::move(d));
    }
    return c;
  }();
  return collection;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  try {
    const store::Filter filter(base::parse_json({reinterpret_cast<const char*>(data), size}, "where"));
    small_collection().matching(filter);
  } catch (const Error& e) {
    if (e.code() != Code::Invalid) __builtin_trap();
  }
  return 0;
}
