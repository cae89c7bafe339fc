// Any bytes, cut at any places, give the same events as in one piece.
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "chain/providers/openai.h"
#include "chain/providers/sse.h"
#include "hanok/error.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace hanok::chain;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto events = [&](size_t step) {
    std::vector<std::string> out;
    SseParser parser([&](std::string_view event) {
      out.emplace_back(event);
      return true;
    });
    for (size_t i = 0; i < bytes.size(); i += step) parser.push(bytes.substr(i, step));
    parser.finish();
    return out;
  };
  const auto whole = events(size + 1);
  if (events(1) != whole || events(7) != whole) std::abort();
  for (const std::string& event : whole) try {
      read_chat_chunk(event);
    } catch (const hanok::Error&) {
    }
  return 0;
}
