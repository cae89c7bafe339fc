#include "synthetic.h"

#include "base/random.h"

namespace recovery {

using hanok::base::Random;
using hanok::store::NewDocument;

const hanok::store::VectorSpace& space() {
  static const hanok::store::VectorSpace it{
      .fingerprint = "synthetic", .model = "synthetic", .dim = kDim, .chunker_version = 1};
  return it;
}

std::string path(int n) { return "synthetic/" + std::to_string(n) + ".txt"; }

std::string marker(int n, int version) { return "mark" + std::to_string(n) + "x" + std::to_string(version); }

NewDocument document(int n, int version) {
  Random random(static_cast<uint64_t>(n) * 1'000'003 + static_cast<uint64_t>(version));
  NewDocument out;
  out.info.path = path(n);
  out.info.format = "txt";
  out.info.content_hash = std::to_string(version);
  out.info.metadata = {{"version", version}, {"tags", {"all", n % 2 ? "odd" : "even"}}};
  const size_t chunks = 1 + random.below(6);
  for (size_t c = 0; c < chunks; ++c) {
    const size_t start = out.text.size();
    out.text += marker(n, version);
    const size_t words = random.below(10) == 0 ? 1500 : 10;  // now and then one that needs several pages
    for (size_t w = 0; w < words; ++w) out.text += " word" + std::to_string(random.below(300));
    out.chunks.push_back({.span = {start, out.text.size()}, .page = static_cast<int>(c) + 1});
    out.text += "\n";
  }
  for (size_t i = 0; i < chunks * kDim; ++i) out.vectors.push_back(static_cast<float>(random.normal()));
  return out;
}

}  // namespace recovery
