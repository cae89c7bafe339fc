#include "store/vector_file.h"

#include <array>
#include <cmath>
#include <cstring>

#include "base/sealed.h"

namespace hanok::store {
namespace {

// 64 bytes, little endian; then ids, padding to a multiple of 64, rows.
struct Header {
  std::array<char, 8> magic{'H', 'N', 'K', 'V', 'E', 'C', '0', '1'};  // kMagic
  uint32_t dim = 0;
  uint32_t body_crc = 0;  // of everything after the header
  uint64_t rows = 0;
  std::array<char, 36> zero{};
  uint32_t header_crc = 0;  // of the 60 bytes before
};
static_assert(sizeof(Header) == 64);
constexpr size_t kAlign = 64;
constexpr std::string_view kMagic("HNKVEC01", 8);

size_t rows_offset(uint64_t rows) { return sizeof(Header) + (rows * sizeof(ChunkId) + kAlign - 1) / kAlign * kAlign; }

}  // namespace

void normalise(std::span<float> row) {
  double sum = 0;
  for (const float x : row) sum += static_cast<double>(x) * x;
  if (sum == 0) return;
  const double scale = 1 / std::sqrt(sum);
  for (float& x : row) x = static_cast<float>(x * scale);
}

std::string encode_vectors(std::span<const ChunkId> ids, std::span<const float> rows, size_t dim) {
  const size_t offset = rows_offset(ids.size());
  std::string out(offset + rows.size_bytes(), '\0');
  if (!ids.empty()) std::memcpy(out.data() + sizeof(Header), ids.data(), ids.size_bytes());
  if (!rows.empty()) std::memcpy(out.data() + offset, rows.data(), rows.size_bytes());
  Header header;
  header.dim = static_cast<uint32_t>(dim);
  header.rows = ids.size();
  base::seal(header, std::string_view(out).substr(sizeof(Header)));
  std::memcpy(out.data(), &header, sizeof header);
  return out;
}

VectorRows decode_vectors(std::string_view bytes, size_t dim, bool check_all, const std::string& what) {
  const auto corrupt = [&](const std::string& why) { throw Error(Code::Corrupt, what + ": " + why); };
  const auto header = base::unseal<Header>(bytes, kMagic, corrupt);
  if (header.dim != dim)
    corrupt("has vectors of " + std::to_string(header.dim) + " numbers, expected " + std::to_string(dim));
  if (header.rows > UINT32_MAX || bytes.size() != rows_offset(header.rows) + header.rows * dim * sizeof(float))
    corrupt("has " + std::to_string(bytes.size()) + " bytes, which do not fit " + std::to_string(header.rows) +
            " rows");
  if (check_all) base::check_body(header, bytes, corrupt);
  const auto* ids = reinterpret_cast<const ChunkId*>(bytes.data() + sizeof(Header));
  const auto* rows = reinterpret_cast<const float*>(bytes.data() + rows_offset(header.rows));
  return {{ids, header.rows}, {rows, header.rows * dim}};
}

}  // namespace hanok::store
