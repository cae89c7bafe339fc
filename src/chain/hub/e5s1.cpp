#include "chain/hub/e5s1.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "hanok/error.h"

namespace hanok::chain::hub {
namespace {

constexpr uint64_t kBlock = 32, kBlockBytes = 18;
constexpr uint64_t kMaxTensors = 100'000, kMaxPieces = 4'000'000, kMaxDim = 1 << 24;

class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}

  std::string_view take(uint64_t count, const char* what) {
    if (count > bytes_.size() - at_)
      throw Error(Code::Corrupt, "model file E5S1: " + std::string(what) + " needs " + std::to_string(count) +
                                     " bytes at " + std::to_string(at_) + ", the file has " +
                                     std::to_string(bytes_.size()) + "; download the package again");
    const auto part = bytes_.substr(at_, count);
    at_ += count;
    return part;
  }
  template <typename T>
  T number(const char* what) {
    T n;
    std::memcpy(&n, take(sizeof n, what).data(), sizeof n);
    return n;
  }
  uint64_t count(const char* what, uint64_t most) {
    const auto n = number<int32_t>(what);
    if (n < 0 || static_cast<uint64_t>(n) > most)
      throw Error(Code::Corrupt, "model file E5S1: " + std::string(what) + " is " + std::to_string(n));
    return static_cast<uint64_t>(n);
  }

 private:
  std::string_view bytes_;
  uint64_t at_ = 0;
};

void read_pieces(Reader& in, E5s1& model) {
  const uint64_t n = in.count("number of pieces", kMaxPieces);
  for (uint32_t* id : {&model.bos, &model.eos, &model.pad, &model.unk})
    *id = static_cast<uint32_t>(in.count("id of a special token", n ? n - 1 : 0));
  const auto size = in.number<uint64_t>("size of the pieces");
  const auto offsets = in.take(4 * (n + 1), "offsets of pieces");
  const auto scores = in.take(4 * n, "scores of pieces");
  const auto text = in.take(size, "pieces");
  const auto offset = [&](uint64_t i) {
    uint32_t at;
    std::memcpy(&at, offsets.data() + 4 * i, 4);
    return at;
  };
  model.scores.resize(n);
  if (n) std::memcpy(model.scores.data(), scores.data(), 4 * n);
  model.pieces.reserve(n);
  for (uint64_t i = 0; i < n; ++i) {
    if (offset(i) > offset(i + 1) || offset(i + 1) > size)
      throw Error(Code::Corrupt, "model file E5S1: piece " + std::to_string(i) + " lies outside of the pieces' bytes");
    model.pieces.push_back(text.substr(offset(i), offset(i + 1) - offset(i)));
  }
}

void read_tensors(Reader& in, std::string_view bytes, E5s1& model) {
  const uint64_t count = in.count("number of tensors", kMaxTensors);
  for (uint64_t i = 0; i < count; ++i) {
    const auto name = std::string(in.take(in.number<uint16_t>("length of a name"), "name of a tensor"));
    const auto kind = in.number<uint8_t>("kind of a tensor");
    const uint64_t elements = in.number<uint32_t>("elements of a tensor");
    const auto at = in.number<uint64_t>("offset of a tensor"), size = in.number<uint64_t>("size of a tensor");
    if (kind > 1)
      throw Error(Code::Unsupported, "model file E5S1: tensor " + name + " is of kind " + std::to_string(kind));
    const uint64_t expected = kind == 0 ? 4 * elements : elements / kBlock * kBlockBytes;
    if (size != expected || (kind == 1 && elements % kBlock) || at > bytes.size() || size > bytes.size() - at)
      throw Error(Code::Corrupt, "model file E5S1: tensor " + name + " with " + std::to_string(elements) +
                                     " elements, " + std::to_string(size) + " bytes at " + std::to_string(at) +
                                     " does not fit the file of " + std::to_string(bytes.size()) + " bytes");
    model.tensors[name] = {kind == 1, elements, bytes.substr(at, size)};
  }
}

}  // namespace

E5s1 E5s1::parse(std::string_view bytes) {
  Reader in(bytes);
  if (in.take(4, "the magic") != "E5S1" || in.number<uint32_t>("the version") != 1)
    throw Error(Code::Unsupported, "model file: expected format E5S1, version 1");
  E5s1 model;
  for (uint64_t* dim : {&model.hidden, &model.layers, &model.heads, &model.feed_forward, &model.vocabulary,
                        &model.positions, &model.types})
    *dim = in.count("a dimension", kMaxDim);
  in.number<float>("epsilon");
  if (in.count("block size", kMaxDim) != kBlock)
    throw Error(Code::Unsupported, "model file E5S1: blocks other than of 32");
  read_pieces(in, model);
  in.number<int32_t>("number of rules");
  in.take(in.number<uint32_t>("size of the rules"), "rules");
  read_tensors(in, bytes, model);
  return model;
}

const E5s1::Tensor& E5s1::tensor(const std::string& name, uint64_t elements) const {
  const auto found = tensors.find(name);
  if (found == tensors.end()) throw Error(Code::Corrupt, "model file E5S1: tensor " + name + " is missing");
  if (found->second.elements != elements)
    throw Error(Code::Corrupt, "model file E5S1: tensor " + name + " has " + std::to_string(found->second.elements) +
                                   " elements, expected " + std::to_string(elements));
  return found->second;
}

float from_half(uint16_t half) {
  const uint32_t sign = static_cast<uint32_t>(half & 0x8000) << 16;
  const uint32_t exponent = half >> 10 & 31, fraction = half & 1023;
  if (exponent == 0) {  // zero and subnormal: fraction * 2^-24
    const float magnitude = static_cast<float>(fraction) * 0x1p-24f;
    return sign ? -magnitude : magnitude;
  }
  return std::bit_cast<float>(sign | (exponent == 31 ? 255u : exponent + 112) << 23 | fraction << 13);
}

uint16_t to_half(float value) {
  const auto bits = std::bit_cast<uint32_t>(value);
  const auto sign = static_cast<uint16_t>(bits >> 16 & 0x8000);
  const uint32_t magnitude = bits & 0x7FFFFFFF;
  if (magnitude > 0x7F800000) return sign | 0x7E00;   // NaN
  if (magnitude >= 0x477FF000) return sign | 0x7C00;  // 65520 and above round to infinity
  if (magnitude < 0x38800000) {                       // subnormal: adding 0.5 lets the hardware round to 2^-24
    const float shifted = std::bit_cast<float>(magnitude) + 0.5f;
    return static_cast<uint16_t>(sign | (std::bit_cast<uint32_t>(shifted) - 0x3F000000));
  }
  const uint32_t rounded = magnitude + 0xFFF + (magnitude >> 13 & 1);  // to nearest, ties to even
  return static_cast<uint16_t>(sign | (rounded - 0x38000000) >> 13);
}

void append_halves(const E5s1::Tensor& tensor, uint64_t first, uint64_t count, std::string& out) {
  const auto push = [&out](float value) {
    const uint16_t half = to_half(value);
    out += static_cast<char>(half & 255);
    out += static_cast<char>(half >> 8);
  };
  if (!tensor.q4) {
    for (uint64_t i = first; i < first + count; ++i) {
      float value;
      std::memcpy(&value, tensor.data.data() + 4 * i, 4);
      push(value);
    }
    return;
  }
  for (uint64_t block = first / kBlock; block < (first + count) / kBlock; ++block) {
    const char* p = tensor.data.data() + block * kBlockBytes;
    uint16_t half;
    std::memcpy(&half, p, 2);
    const float d = from_half(half);
    for (int shift : {0, 4})
      for (int i = 0; i < 16; ++i)
        push(static_cast<float>((static_cast<unsigned char>(p[2 + i]) >> shift & 15) - 8) * d);
  }
}

}  // namespace hanok::chain::hub
