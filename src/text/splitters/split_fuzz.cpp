// Any bytes as a document, with headings and pages drawn from them: the promises of split() hold.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "hanok/text.h"

namespace {

size_t count_bytes(std::string_view text) { return (text.size() + 3) / 4; }

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace hanok::text;
  if (size < 8 || size > 1 << 16) return 0;
  Document d;
  d.text.assign(reinterpret_cast<const char*>(data) + 8, size - 8);
  for (int i = 0; i < 4; ++i) d.headings.push_back({data[i] % 16, d.text.substr(0, data[i + 1]), data[i] * size_t{3}});
  for (int i = 4; i < 8; ++i) d.pages.push_back({i, {data[i] * size_t{5}, d.text.size()}});
  const SplitOptions options{.max_tokens = size_t{1} + data[0], .overlap_tokens = data[1], .count = count_bytes};
  size_t covered = 0;
  for (const Chunk& c : split(d, options)) {
    if (c.span.start >= c.span.end || c.span.end > d.text.size() || c.span.end <= covered) std::abort();
    if (c.tokens > options.max_tokens) std::abort();
    covered = c.span.end;
  }
  return 0;
}
