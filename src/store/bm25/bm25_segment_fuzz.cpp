// Bytes as a BM25 segment: opening, searching, scoring and merging them must end in an answer or in Error(Corrupt).
// The checksums are repaired first, so that damage reaches what lies behind them.
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>

#include "base/sealed.h"
#include "store/bm25/format.h"
#include "store/bm25/segment.h"

namespace {

using namespace hanok;
using namespace hanok::store::bm25;

std::string with_checksums(std::string bytes) {
  if (bytes.size() < sizeof(Header)) return bytes;
  Header header;
  std::memcpy(&header, bytes.data(), sizeof(header));
  base::seal(header, std::string_view(bytes).substr(sizeof(Header)));
  std::memcpy(bytes.data(), &header, sizeof(header));
  return bytes;
}

void use(const std::string& bytes) {
  const Segment segment = Segment::open(bytes);
  std::vector<text::Term> query;
  for (const char* form : {"w0", "w1", "w2", "w7", "common", "rare", "\xed\x95\x9c\xea\xb8\x80"})
    query.push_back({form, {}, 0});
  Reader reader{{segment}, {}, {}};
  reader.search(query, 10, nullptr);
  reader.gone.add(segment.first());
  reader.gone.add(segment.first() / 2 + segment.last() / 2);
  reader.search(query, 3, nullptr);
  const std::vector<store::ChunkId> ids{segment.last(), 0, segment.first(), 5};
  reader.scores(query, ids);
  const std::vector<Segment> one{segment};
  merge(one, reader.gone);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  for (const std::string& b : {bytes, with_checksums(bytes)}) {
    try {
      use(b);
    } catch (const hanok::Error&) {
    }
  }
  return 0;
}
