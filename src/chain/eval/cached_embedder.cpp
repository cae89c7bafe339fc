#include "chain/eval/cached_embedder.h"

#include <cstring>

#include "base/file.h"
#include "base/hash.h"
#include "base/log.h"

namespace hanok::chain {
namespace {

constexpr std::string_view kMagic = "hanok vectors 1\n";
constexpr size_t kDigest = 64;
constexpr uint64_t kLargest = 4ull << 30;

template <class T>
void put(std::string& out, T value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

/// Takes what it has checked to be there.
class Bytes {
 public:
  Bytes(std::string_view bytes, const std::filesystem::path& file) : rest_(bytes), file_(file) {}
  std::string_view take(uint64_t n) {
    if (rest_.size() < n)
      throw Error(Code::Corrupt, file_.string() + ": ends too early; remove it, and it is made again");
    const std::string_view out = rest_.substr(0, n);
    rest_.remove_prefix(n);
    return out;
  }
  template <class T>
  T number() {
    T out;
    std::memcpy(&out, take(sizeof out).data(), sizeof out);
    return out;
  }
  bool empty() const { return rest_.empty(); }

 private:
  std::string_view rest_;
  const std::filesystem::path& file_;
};

}  // namespace

CachedEmbedder::CachedEmbedder(const EmbeddingModel& inner, std::filesystem::path file)
    : inner_(inner), file_(std::move(file)) {
  if (!file_.empty() && std::filesystem::exists(file_)) load();
}

CachedEmbedder::~CachedEmbedder() {
  if (file_.empty() || vectors_.size() == loaded_) return;
  try {
    save();
  } catch (const std::exception& e) {
    base::log().warn("the vectors are not kept: {}", e.what());
  }
}

void CachedEmbedder::load() {
  const std::string all = base::read_file(file_, kLargest);
  if (all.size() < kMagic.size() + kDigest || !all.starts_with(kMagic))
    throw Error(Code::Corrupt, file_.string() + ": not a file of kept vectors, which begins with 'hanok vectors 1'");
  const std::string_view body = std::string_view(all).substr(0, all.size() - kDigest);
  if (base::sha256_hex(body) != std::string_view(all).substr(body.size()))
    throw Error(Code::Corrupt, file_.string() + ": its checksum does not hold; remove it, and it is made again");
  const size_t line = body.find('\n', kMagic.size());
  const store::VectorSpace space = inner_.space();
  if (line == std::string_view::npos || body.substr(kMagic.size(), line - kMagic.size()) != space.fingerprint) return;
  Bytes bytes(body.substr(line + 1), file_);
  if (bytes.number<uint32_t>() != space.dim)
    throw Error(Code::Corrupt, file_.string() + ": its vectors have another length than " + space.model + "'s");
  for (auto n = bytes.number<uint64_t>(); n > 0; --n) {
    const std::string key(bytes.take(bytes.number<uint32_t>()));
    std::vector<float>& row = vectors_[key];
    row.resize(space.dim);
    std::memcpy(row.data(), bytes.take(space.dim * sizeof(float)).data(), space.dim * sizeof(float));
  }
  loaded_ = vectors_.size();
}

void CachedEmbedder::save() const {
  const store::VectorSpace space = inner_.space();
  std::string out(kMagic);
  out += space.fingerprint + "\n";
  put(out, static_cast<uint32_t>(space.dim));
  put(out, static_cast<uint64_t>(vectors_.size()));
  for (const auto& [key, row] : vectors_) {
    put(out, static_cast<uint32_t>(key.size()));
    out += key;
    out.append(reinterpret_cast<const char*>(row.data()), row.size() * sizeof(float));
  }
  out += base::sha256_hex(out);
  base::write_file_atomic(file_, out);
}

Matrix CachedEmbedder::embed(std::span<const std::string> texts, Prompt prompt) const {
  const char kind = prompt == Prompt::Query ? 'q' : prompt == Prompt::None ? 'n' : 'p';
  std::vector<std::string> missing;
  {
    const std::lock_guard lock(mutex_);
    for (const std::string& text : texts)
      if (!vectors_.count(kind + text)) missing.push_back(text);
  }
  const Matrix made = missing.empty() ? Matrix{} : inner_.embed(missing, prompt);
  const std::lock_guard lock(mutex_);
  for (size_t i = 0; i < missing.size(); ++i)
    vectors_[kind + missing[i]].assign(made.row(i).begin(), made.row(i).end());
  Matrix out{texts.size(), inner_.space().dim, {}};
  for (const std::string& text : texts) {
    const std::vector<float>& row = vectors_.at(kind + text);
    out.data.insert(out.data.end(), row.begin(), row.end());
  }
  return out;
}

}  // namespace hanok::chain
