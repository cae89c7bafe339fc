#include "store/sparse.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>

namespace hanok::store {

SparseVector sorted_sparse(SparseVector vector, const std::string& what) {
  if (vector.indices.size() != vector.values.size())
    throw Error(Code::Invalid, what + ": has " + std::to_string(vector.indices.size()) + " indices and " +
                                   std::to_string(vector.values.size()) + " values; one belongs to each other");
  std::vector<size_t> order(vector.indices.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) { return vector.indices[a] < vector.indices[b]; });
  SparseVector out;
  for (size_t i = 0; i < order.size(); ++i) {
    const uint32_t index = vector.indices[order[i]];
    const float value = vector.values[order[i]];
    if (i > 0 && index == vector.indices[order[i - 1]])
      throw Error(Code::Invalid, what + ": index " + std::to_string(index) + " comes twice");
    if (!std::isfinite(value))
      throw Error(Code::Invalid, what + ": the value at index " + std::to_string(index) + " is not finite");
    out.indices.push_back(index);
    out.values.push_back(value);
  }
  return out;
}

bool is_sparse(const Json& value) {
  if (!value.is_object()) return false;
  const auto type = value.find("#type");
  return type != value.end() && *type == "sparse_vector";
}

SparseVector sparse_from(const Json& value, const std::string& what) {
  const auto invalid = [&](const std::string& why) -> Error { return {Code::Invalid, what + ": " + why}; };
  if (!is_sparse(value)) throw invalid("needs {\"#type\": \"sparse_vector\", \"indices\": [...], \"values\": [...]}");
  const auto indices = value.find("indices"), values = value.find("values");
  if (indices == value.end() || values == value.end() || !indices->is_array() || !values->is_array())
    throw invalid("needs lists of indices and values");
  SparseVector out;
  for (const auto& i : *indices) {
    if (!i.is_number_integer() || i.get<int64_t>() < 0 || i.get<int64_t>() > UINT32_MAX)
      throw invalid("an index is not a whole number from 0 to 2^32 - 1");
    out.indices.push_back(i.get<uint32_t>());
  }
  for (const auto& v : *values) {
    if (!v.is_number()) throw invalid("a value is not a number");
    out.values.push_back(v.get<float>());
  }
  return sorted_sparse(std::move(out), what);
}

std::string sparse_bytes(const SparseVector& v) {
  std::string out(v.indices.size() * 8, '\0');
  if (v.empty()) return out;
  std::memcpy(out.data(), v.indices.data(), v.indices.size() * 4);
  std::memcpy(out.data() + v.indices.size() * 4, v.values.data(), v.values.size() * 4);
  return out;
}

SparseVector sparse_from_bytes(std::string_view bytes, const std::string& what) {
  if (bytes.size() % 8 != 0)
    throw Error(Code::Corrupt, what + ": its sparse vector has " + std::to_string(bytes.size()) + " bytes");
  SparseVector out;
  const size_t n = bytes.size() / 8;
  out.indices.resize(n), out.values.resize(n);
  if (n == 0) return out;
  std::memcpy(out.indices.data(), bytes.data(), n * 4);
  std::memcpy(out.values.data(), bytes.data() + n * 4, n * 4);
  return out;
}

double product(const SparseVector& a, const SparseVector& b) {
  double out = 0;
  for (size_t i = 0, j = 0; i < a.indices.size() && j < b.indices.size();) {
    if (a.indices[i] < b.indices[j])
      ++i;
    else if (b.indices[j] < a.indices[i])
      ++j;
    else
      out += static_cast<double>(a.values[i++]) * b.values[j++];
  }
  return out;
}

}  // namespace hanok::store
