#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>

#include "base/byte_reader.h"
#include "base/file.h"
#include "base/random.h"
#include "base/threads.h"
#include "index/formats/foreign.h"
#include "math/half.h"

namespace hanok::index::formats {
namespace {

constexpr int kDeepest = 4;  // an index inside an index inside ...: IDMap of PreTransform of HNSW of Flat

struct Header {
  size_t dim = 0;
  uint64_t count = 0;
  Metric metric = Metric::L2;
};

// Every FAISS vector is a 64-bit count and its values.
template <typename T>
std::vector<T> vector_of(base::ByteReader& in, const char* what) {
  return in.array<T>(in.read<uint64_t>(what), what);
}

Header read_header(base::ByteReader& in) {
  Header h;
  const auto dim = in.read<int32_t>("dimension");
  const auto count = in.read<int64_t>("vector count");
  in.take(16, "header");  // two numbers that mean nothing any more
  in.read<uint8_t>("is_trained");
  const auto metric = in.read<int32_t>("metric");
  constexpr int32_t kMaxDim = 65536;
  if (dim < 1 || dim > kMaxDim) in.corrupt("says dimension " + std::to_string(dim) + ", expected 1 to 65536");
  // A vector takes at least a bit.
  if (count < 0 || static_cast<uint64_t>(count) > (in.left() + 1) * 8)
    in.corrupt("says " + std::to_string(count) + " vectors, which it cannot hold");
  if (metric != 0 && metric != 1)
    throw Error(Code::Unsupported,
                in.name() + ": FAISS metric " + std::to_string(metric) + "; inner product (0) and L2 (1) are known");
  h.dim = static_cast<size_t>(dim);
  h.count = static_cast<uint64_t>(count);
  h.metric = metric == 0 ? Metric::InnerProduct : Metric::L2;
  return h;
}

// values = rows * width may not exceed what was read from the file.
void expect(const base::ByteReader& in, uint64_t have, uint64_t rows, uint64_t width, const char* what) {
  if ((width && rows > UINT64_MAX / width) || have != rows * width)
    in.corrupt(std::string(what) + " has " + std::to_string(have) + " values, expected " + std::to_string(rows) +
               " x " + std::to_string(width));
}

// Codes are smaller than their vectors, but not a thousand times: such a header is damage, and must not make us
// allocate.
void expect_decodable(const base::ByteReader& in, uint64_t count, uint64_t dim) {
  constexpr uint64_t kMostFloatsPerByte = 256;
  if (count && dim > kMostFloatsPerByte * (in.position() + in.left()) / count)
    in.corrupt("says " + std::to_string(count) + " vectors of dimension " + std::to_string(dim) +
               ", absurd for its size");
}

ForeignIndex start(const char* type, const Header& h) {
  ForeignIndex out;
  out.type = type;
  out.dim = h.dim;
  out.metric = h.metric;
  return out;
}

void number_rows(ForeignIndex& index) {
  index.ids.resize(index.vectors.size() / index.dim);
  for (size_t i = 0; i < index.ids.size(); ++i) index.ids[i] = static_cast<Id>(i);
}

ForeignIndex read_flat(base::ByteReader& in) {
  const Header h = read_header(in);
  ForeignIndex out = start("IndexFlat", h);
  const auto words = in.read<uint64_t>("vectors");  // counted in units of four bytes
  expect(in, words, h.count, h.dim, "the list of vectors");
  out.vectors = in.array<float>(words, "vectors");
  number_rows(out);
  return out;
}

// A product quantiser: m groups of dim / m values, each coded in `bits`.
struct Pq {
  size_t dim = 0, m = 0, bits = 0, width = 0;
  std::vector<float> centroids;  // [m, 2^bits, width]
  size_t code_size() const { return (m * bits + 7) / 8; }
};

Pq read_pq(base::ByteReader& in, size_t dim) {
  Pq pq;
  const auto d = in.read<uint64_t>("PQ dimension"), m = in.read<uint64_t>("PQ groups"),
             bits = in.read<uint64_t>("PQ bits");
  constexpr uint64_t kMaxBits = 16;
  if (d != dim || m < 1 || m > d || d % m != 0 || bits < 1 || bits > kMaxBits)
    in.corrupt("has an impossible product quantiser");
  pq.dim = dim;
  pq.m = static_cast<size_t>(m);
  pq.bits = static_cast<size_t>(bits);
  pq.width = dim / pq.m;
  pq.centroids = vector_of<float>(in, "PQ centroids");
  expect(in, pq.centroids.size(), uint64_t{1} << bits, d, "the list of PQ centroids");
  return pq;
}

// Codes are packed from the lowest bit up.
void decode_pq(const Pq& pq, const uint8_t* code, float* out) {
  for (size_t g = 0; g < pq.m; ++g) {
    size_t value = 0;
    for (size_t b = 0; b < pq.bits; ++b) {
      const size_t bit = g * pq.bits + b;
      value |= static_cast<size_t>(code[bit / 8] >> (bit % 8) & 1) << b;
    }
    std::copy_n(pq.centroids.data() + ((g << pq.bits) + value) * pq.width, pq.width, out + g * pq.width);
  }
}

// A scalar quantiser. Types by number as FAISS has them.
struct Sq {
  enum Type { Bits8, Bits4, Bits8Uniform, Bits4Uniform, Fp16, Bits8Direct, Bits6, Bf16, Bits8DirectSigned, Count };
  int32_t type = 0;
  size_t dim = 0;
  std::vector<float> trained;
  size_t code_size() const {
    switch (type) {
      case Bits4:
      case Bits4Uniform:
        return (dim + 1) / 2;
      case Bits6:
        return (dim * 6 + 7) / 8;
      case Fp16:
      case Bf16:
        return dim * 2;
      default:
        return dim;
    }
  }
};

Sq read_sq(base::ByteReader& in, size_t dim) {
  Sq sq;
  sq.type = in.read<int32_t>("SQ type");
  in.take(8, "SQ range");
  const auto d = in.read<uint64_t>("SQ dimension"), code_size = in.read<uint64_t>("SQ code size");
  sq.trained = vector_of<float>(in, "SQ range values");
  sq.dim = dim;
  if (sq.type < 0 || sq.type >= Sq::Count)
    throw Error(Code::Unsupported,
                in.name() + ": scalar quantiser type " + std::to_string(sq.type) + "; 0 to 8 are known");
  if (d != dim || code_size != sq.code_size()) in.corrupt("has an impossible scalar quantiser");
  const bool ranged = sq.type == Sq::Bits8 || sq.type == Sq::Bits4 || sq.type == Sq::Bits6;
  const bool uniform = sq.type == Sq::Bits8Uniform || sq.type == Sq::Bits4Uniform;
  const size_t needed = ranged ? 2 * dim : uniform ? 2 : 0;
  if (sq.trained.size() < needed) in.corrupt("has a scalar quantiser without its ranges");
  return sq;
}

void decode_sq(const Sq& sq, const uint8_t* code, float* out) {
  for (size_t j = 0; j < sq.dim; ++j) {
    const bool per_dim = sq.type == Sq::Bits8 || sq.type == Sq::Bits4 || sq.type == Sq::Bits6;
    const auto range = [&](float unit) {
      const float least = per_dim ? sq.trained[j] : sq.trained[0],
                  width = per_dim ? sq.trained[sq.dim + j] : sq.trained[1];
      return least + unit * width;
    };
    const auto nibble = [&] { return static_cast<float>(code[j / 2] >> (j % 2 * 4) & 15); };
    const auto half = [&] { return static_cast<uint16_t>(code[2 * j] | code[2 * j + 1] << 8); };
    switch (sq.type) {
      case Sq::Bits8:
      case Sq::Bits8Uniform:
        out[j] = range((static_cast<float>(code[j]) + 0.5f) / 255);
        break;
      case Sq::Bits4:
      case Sq::Bits4Uniform:
        out[j] = range((nibble() + 0.5f) / 15);
        break;
      case Sq::Bits6: {
        uint32_t bits = 0;
        for (size_t b = 0; b < 6; ++b)
          bits |= static_cast<uint32_t>(code[(j * 6 + b) / 8] >> ((j * 6 + b) % 8) & 1) << b;
        out[j] = range((static_cast<float>(bits) + 0.5f) / 63);
        break;
      }
      case Sq::Fp16:
        out[j] = math::half_to_float(half());
        break;
      case Sq::Bf16:
        out[j] = math::bf16_to_float(half());
        break;
      case Sq::Bits8Direct:
        out[j] = static_cast<float>(code[j]);
        break;
      default:
        out[j] = static_cast<float>(code[j]) - 128;
        break;  // Bits8DirectSigned
    }
  }
}

// Codes of `count` vectors in one array, decoded.
template <typename Decode>
void decode_all(base::ByteReader& in, ForeignIndex& out, uint64_t count, size_t code_size, Decode&& decode) {
  const auto codes = vector_of<uint8_t>(in, "codes");
  expect(in, codes.size(), count, code_size, "the list of codes");
  expect_decodable(in, count, out.dim);
  out.vectors.resize(static_cast<size_t>(count) * out.dim);
  for (size_t i = 0; i < count; ++i) decode(codes.data() + i * code_size, out.vectors.data() + i * out.dim);
  number_rows(out);
}

ForeignIndex read_scalar(base::ByteReader& in) {
  const Header h = read_header(in);
  ForeignIndex out = start("IndexScalarQuantizer", h);
  const Sq sq = read_sq(in, h.dim);
  decode_all(in, out, h.count, sq.code_size(), [&](const uint8_t* code, float* x) { decode_sq(sq, code, x); });
  out.lossy = sq.type != Sq::Bits8Direct;
  return out;
}

ForeignIndex read_product(base::ByteReader& in) {
  const Header h = read_header(in);
  ForeignIndex out = start("IndexPQ", h);
  const Pq pq = read_pq(in, h.dim);
  decode_all(in, out, h.count, pq.code_size(), [&](const uint8_t* code, float* x) { decode_pq(pq, code, x); });
  in.read<int32_t>("search type"), in.read<uint8_t>("encode signs"), in.read<int32_t>("polysemous threshold");
  out.lossy = true;
  return out;
}

ForeignIndex read_index(base::ByteReader& in, int depth);

struct IvfHeader {
  Header own;
  uint64_t lists = 0;
  ForeignIndex quantiser;
};

IvfHeader read_ivf_header(base::ByteReader& in, int depth) {
  IvfHeader h;
  h.own = read_header(in);
  h.lists = in.read<uint64_t>("nlist");
  in.read<uint64_t>("nprobe");
  h.quantiser = read_index(in, depth + 1);
  if (h.quantiser.dim != h.own.dim || h.quantiser.ids.size() != h.lists)
    in.corrupt("has a coarse quantiser that does not fit its lists");
  const auto map = in.read<uint8_t>("direct map");
  vector_of<int64_t>(in, "direct map");
  constexpr uint8_t kHashtable = 2;
  if (map == kHashtable) vector_of<std::array<int64_t, 2>>(in, "direct map");
  return h;
}

// Calls decode(list, code, x) for every vector of every inverted list.
template <typename Decode>
void read_lists(base::ByteReader& in, const IvfHeader& h, size_t code_size, ForeignIndex& out, Decode&& decode) {
  const auto kind = in.take(4, "inverted lists");
  if (kind != "ilar")
    throw Error(Code::Unsupported, in.name() + ": inverted lists of kind '" + std::string(kind) +
                                       "'; arrays in the file ('ilar') are known");
  const auto lists = in.read<uint64_t>("list count"), size = in.read<uint64_t>("code size");
  if (lists != h.lists || size != code_size) in.corrupt("has inverted lists that do not fit its header");
  std::vector<uint64_t> sizes(static_cast<size_t>(lists));
  const auto layout = in.take(4, "list sizes");
  if (layout == "full") {
    sizes = vector_of<uint64_t>(in, "list sizes");
    expect(in, sizes.size(), lists, 1, "the list of sizes");
  } else if (layout == "sprs") {
    const auto pairs = vector_of<uint64_t>(in, "list sizes");
    for (size_t i = 0; i + 1 < pairs.size(); i += 2) {
      if (pairs[i] >= lists)
        in.corrupt("names inverted list " + std::to_string(pairs[i]) + " of " + std::to_string(lists));
      sizes[static_cast<size_t>(pairs[i])] = pairs[i + 1];
    }
  } else {
    in.corrupt("has list sizes of an unknown layout");
  }
  for (size_t l = 0; l < sizes.size(); ++l) {
    if (sizes[l] > in.left() / (code_size + 8))
      in.corrupt("inverted list " + std::to_string(l) + " says " + std::to_string(sizes[l]) +
                 " vectors, which the file cannot hold");
    expect_decodable(in, out.ids.size() + sizes[l], out.dim);
    const auto codes = in.array<uint8_t>(sizes[l] * code_size, "inverted list");
    const auto ids = in.array<int64_t>(sizes[l], "inverted list's ids");
    for (size_t i = 0; i < ids.size(); ++i) {
      out.ids.push_back(ids[i]);
      out.cell.push_back(static_cast<uint32_t>(l));
      out.vectors.resize(out.vectors.size() + out.dim);
      decode(l, codes.data() + i * code_size, out.vectors.data() + out.vectors.size() - out.dim);
    }
  }
  out.centroids = h.quantiser.vectors;
}

ForeignIndex read_ivf_flat(base::ByteReader& in, int depth) {
  const IvfHeader h = read_ivf_header(in, depth);
  ForeignIndex out = start("IndexIVFFlat", h.own);
  read_lists(in, h, h.own.dim * 4, out,
             [&](size_t, const uint8_t* code, float* x) { std::memcpy(x, code, h.own.dim * 4); });
  return out;
}

ForeignIndex read_ivf_pq(base::ByteReader& in, int depth) {
  const IvfHeader h = read_ivf_header(in, depth);
  ForeignIndex out = start("IndexIVFPQ", h.own);
  const bool residual = in.read<uint8_t>("by_residual") != 0;
  const auto code_size = in.read<uint64_t>("code size");
  const Pq pq = read_pq(in, h.own.dim);
  if (code_size != pq.code_size()) in.corrupt("has codes that do not fit its product quantiser");
  read_lists(in, h, pq.code_size(), out, [&](size_t list, const uint8_t* code, float* x) {
    decode_pq(pq, code, x);
    for (size_t j = 0; j < out.dim && residual; ++j) x[j] += h.quantiser.vectors[list * out.dim + j];
  });
  out.lossy = true;
  return out;
}

ForeignIndex read_hnsw(base::ByteReader& in, int depth, const char* type) {
  const Header h = read_header(in);
  vector_of<double>(in, "level probabilities");
  const auto per_level = vector_of<int32_t>(in, "neighbours a level");
  const auto levels = vector_of<int32_t>(in, "levels");
  const auto offsets = vector_of<uint64_t>(in, "offsets");
  const auto neighbours = vector_of<int32_t>(in, "neighbours");
  const auto entry = in.read<int32_t>("entry point");
  in.read<int32_t>("top level");
  const auto ef = in.read<int32_t>("efConstruction");
  in.take(8, "HNSW parameters");
  expect(in, levels.size(), h.count, 1, "the list of levels");
  expect(in, offsets.size(), h.count + 1, 1, "the list of offsets");
  ForeignIndex out = read_index(in, depth + 1);
  if (out.dim != h.dim || out.ids.size() != h.count) in.corrupt("has vectors that do not fit its graph");
  out.type = type;
  out.metric = h.metric;
  out.links.ef_construction = static_cast<size_t>(std::max(ef, 1));
  out.links.m = per_level.size() > 1 ? static_cast<size_t>(std::max(per_level[1] / 2, 1)) : 1;
  if (h.count && (entry < 0 || static_cast<uint64_t>(entry) >= h.count))
    in.corrupt("enters its graph at node " + std::to_string(entry));
  out.links.entry = static_cast<uint32_t>(std::max(entry, 0));
  out.links.nodes.resize(levels.size());
  for (size_t n = 0; n < levels.size(); ++n) {
    if (levels[n] < 1 || static_cast<size_t>(levels[n]) >= per_level.size())
      in.corrupt("node " + std::to_string(n) + " has " + std::to_string(levels[n]) + " levels");
    for (int32_t l = 0; l < levels[n]; ++l) {
      const auto first = static_cast<uint64_t>(per_level[static_cast<size_t>(l)]),
                 last = static_cast<uint64_t>(per_level[static_cast<size_t>(l) + 1]);
      std::vector<uint32_t> own;
      // Each node's places end where the next one's begin, or the lists could overlap and grow without end.
      if (first > last || offsets[n + 1] < offsets[n] || offsets[n + 1] > neighbours.size() ||
          last > offsets[n + 1] - offsets[n])
        in.corrupt("node " + std::to_string(n) + "'s neighbours lie outside their list");
      for (uint64_t at = offsets[n] + first; at < offsets[n] + last; ++at) {
        const int32_t other = neighbours[static_cast<size_t>(at)];
        if (other < 0) break;  // free places are -1
        if (static_cast<uint64_t>(other) >= h.count)
          in.corrupt("node " + std::to_string(n) + " has neighbour " + std::to_string(other));
        own.push_back(static_cast<uint32_t>(other));
      }
      out.links.nodes[n].push_back(std::move(own));
    }
  }
  return out;
}

ForeignIndex read_id_map(base::ByteReader& in, int depth) {
  const Header h = read_header(in);
  ForeignIndex out = read_index(in, depth + 1);
  const auto ids = vector_of<int64_t>(in, "ids");
  if (ids.size() != out.ids.size() || out.dim != h.dim)
    in.corrupt("has " + std::to_string(ids.size()) + " ids for " + std::to_string(out.ids.size()) + " vectors");
  for (Id& id : out.ids) {
    if (id < 0 || static_cast<size_t>(id) >= ids.size())
      in.corrupt("its id map does not cover row " + std::to_string(id));
    id = ids[static_cast<size_t>(id)];
  }
  return out;
}

// One step of a PreTransform. Only its inverse is wanted here: from what is stored back towards what was added.
struct Transform {
  std::string kind;
  size_t from = 0, to = 0;
  std::vector<float> matrix, bias;  // [to, from], [to]
};

Transform read_transform(base::ByteReader& in) {
  Transform t;
  t.kind = std::string(in.take(4, "transform"));
  if (t.kind == "Pcam" || t.kind == "PcAm") {
    in.take(t.kind == "Pcam" ? 13 : 9,
            "PCA parameters");  // eigen_power, epsilon (new files), random_rotation, balanced_bins
    vector_of<float>(in, "PCA mean"), vector_of<float>(in, "PCA eigenvalues"), vector_of<float>(in, "PCA matrix");
  } else if (t.kind == "VNrm") {
    constexpr float kEuclidean = 2;
    if (in.read<float>("norm") != kEuclidean)
      throw Error(Code::Unsupported, in.name() + ": normalises its vectors by another norm than the Euclidean one");
  } else if (t.kind == "VCnt") {
    t.bias = vector_of<float>(in, "centre");
  } else if (t.kind != "rrot" && t.kind != "LTra") {
    throw Error(Code::Unsupported, in.name() + ": FAISS transform '" + t.kind +
                                       "'; linear, PCA, rotation, centring and normalising are known");
  }
  if (t.kind != "VNrm" && t.kind != "VCnt") {
    const bool has_bias = in.read<uint8_t>("have_bias") != 0;
    t.matrix = vector_of<float>(in, "matrix");
    t.bias = vector_of<float>(in, "bias");
    if (!has_bias) t.bias.clear();
  }
  const auto from = in.read<int32_t>("transform input"), to = in.read<int32_t>("transform output");
  in.read<uint8_t>("is_trained");
  if (from < 1 || to < 1 || from > 65536 || to > 65536) in.corrupt("has a transform of impossible size");
  t.from = static_cast<size_t>(from);
  t.to = static_cast<size_t>(to);
  if (!t.matrix.empty() || t.kind == "LTra" || t.kind == "rrot")
    expect(in, t.matrix.size(), t.to, t.from, "a transform's matrix");
  if (!t.bias.empty() && t.bias.size() != t.to) in.corrupt("has a transform whose bias does not fit");
  return t;
}

// y = A x, with A [to, from], for x [n, from]; or x = A^T y.
std::vector<double> forth(const Transform& t, std::span<const double> x) {
  std::vector<double> y(t.to);
  for (size_t r = 0; r < t.to; ++r)
    for (size_t j = 0; j < t.from; ++j) y[r] += t.matrix[r * t.from + j] * x[j];
  return y;
}
std::vector<double> back(const Transform& t, std::span<const double> y) {
  std::vector<double> x(t.from);
  for (size_t r = 0; r < t.to; ++r)
    for (size_t j = 0; j < t.from; ++j) x[j] += t.matrix[r * t.from + j] * y[r];
  return x;
}

// Whether the shorter side of the matrix is orthonormal, told by what A A^T (or A^T A) makes of random vectors: then it
// keeps distances, but for the part that it drops, and its transpose goes back.
bool keeps_distances(const Transform& t) {
  constexpr int kProbes = 4;
  constexpr double kError = 1e-3;  // of a length; PCA and rotations of FAISS are within 1e-5
  base::Random random(1);
  for (int probe = 0; probe < kProbes; ++probe) {
    std::vector<double> v(std::min(t.from, t.to));
    for (double& x : v) x = random.normal();
    const auto w = t.to <= t.from ? forth(t, back(t, v)) : back(t, forth(t, v));
    double error = 0, whole = 0;
    for (size_t j = 0; j < v.size(); ++j) error += (w[j] - v[j]) * (w[j] - v[j]), whole += v[j] * v[j];
    if (!(error <= kError * kError * whole)) return false;
  }
  return true;
}

// FAISS compares what the transforms made of the vectors; here the vectors themselves are. Refuses what would order
// them differently.
void check_order(const base::ByteReader& in, const std::vector<Transform>& chain, Metric metric) {
  const auto refuse = [&](const std::string& why) {
    throw Error(Code::Unsupported, in.name() + ": " + why +
                                       ", so FAISS finds other neighbours than the vectors have; build an index from "
                                       "the vectors themselves");
  };
  bool unit = false;
  for (const Transform& t : chain) {
    const std::string which =
        "its transform " + t.kind + " from " + std::to_string(t.from) + " to " + std::to_string(t.to) + " dimensions ";
    if (!t.matrix.empty() && !keeps_distances(t)) refuse(which + "changes distances (whitening, or a general matrix)");
    const bool shifts = std::any_of(t.bias.begin(), t.bias.end(), [](float b) { return b != 0; });
    if (metric == Metric::InnerProduct && shifts) refuse(which + "shifts the vectors under inner product");
    if (metric == Metric::L2 && unit && t.to < t.from) refuse(which + "drops a part of vectors of length one");
    unit = unit || t.kind == "VNrm";
  }
}

ForeignIndex read_transformed(base::ByteReader& in, int depth) {
  const Header h = read_header(in);
  const auto count = in.read<int32_t>("transforms");
  constexpr int32_t kMost = 16;
  constexpr double kMostWork = 4e12;  // ten million vectors of 768 to 512 dimensions: half an hour
  double work = 0;
  if (count < 0 || count > kMost) in.corrupt("says " + std::to_string(count) + " transforms");
  std::vector<Transform> chain;
  for (int32_t i = 0; i < count; ++i) chain.push_back(read_transform(in));
  ForeignIndex out = read_index(in, depth + 1);
  check_order(in, chain, out.metric);
  for (auto t = chain.rbegin(); t != chain.rend(); ++t) {
    if (t->to != out.dim)
      in.corrupt("has a transform to " + std::to_string(t->to) + " dimensions before an index of " +
                 std::to_string(out.dim));
    const size_t n = out.ids.size();
    if (n && t->matrix.empty() && t->from != t->to)
      in.corrupt("has a transform without a matrix that changes dimensions");
    expect_decodable(in, n, t->from);
    work += static_cast<double>(n) * static_cast<double>(t->matrix.size());
    if (work > kMostWork)
      throw Error(Code::Exhausted, in.name() + ": undoing its transforms takes more than 4e12 multiplications");
    std::vector<float> back(n * t->from);
    for (size_t i = 0; i < n; ++i) {
      base::check_interrupt();
      std::vector<float> y(out.vectors.begin() + static_cast<ptrdiff_t>(i * t->to),
                           out.vectors.begin() + static_cast<ptrdiff_t>((i + 1) * t->to));
      for (size_t j = 0; j < t->bias.size(); ++j) y[j] += t->kind == "VCnt" ? t->bias[j] : -t->bias[j];
      float* x = back.data() + i * t->from;
      if (t->matrix.empty())
        std::copy_n(y.data(), std::min(t->from, t->to), x);
      else
        for (size_t r = 0; r < t->to; ++r)
          for (size_t j = 0; j < t->from; ++j) x[j] += y[r] * t->matrix[r * t->from + j];
    }
    out.vectors = std::move(back);
    out.dim = t->from;
    out.lossy = true;
  }
  if (out.dim != h.dim) in.corrupt("has transforms that do not begin at its dimension");
  out.centroids.clear();
  out.cell.clear();
  return out;
}

ForeignIndex read_index(base::ByteReader& in, int depth) {
  if (depth > kDeepest) in.corrupt("nests indexes too deep");
  const auto kind = in.take(4, "the index's kind");
  if (kind == "IxF2" || kind == "IxFI" || kind == "IxFl") return read_flat(in);
  if (kind == "IxSQ") return read_scalar(in);
  if (kind == "IxPq") return read_product(in);
  if (kind == "IwFl") return read_ivf_flat(in, depth);
  if (kind == "IwPQ") return read_ivf_pq(in, depth);
  if (kind == "IHNf") return read_hnsw(in, depth, "IndexHNSWFlat");
  if (kind == "IHNs") return read_hnsw(in, depth, "IndexHNSWSQ");
  if (kind == "IxMp" || kind == "IxM2") return read_id_map(in, depth);
  if (kind == "IxPT") return read_transformed(in, depth);
  throw Error(Code::Unsupported,
              in.name() + ": FAISS index kind '" + std::string(kind) +
                  "'; Flat, IVFFlat, IVFPQ, PQ, ScalarQuantizer, HNSWFlat, HNSWSQ, IDMap and PreTransform are known");
}

}  // namespace

bool looks_like_faiss(std::string_view bytes) {
  return bytes.size() > 4 && bytes[0] == 'I' &&
         std::all_of(bytes.begin(), bytes.begin() + 4, [](unsigned char c) { return std::isalnum(c); });
}

ForeignIndex parse_faiss(std::string_view bytes, const std::string& name) {
  base::ByteReader in(bytes, name);
  ForeignIndex out = read_index(in, 0);
  for (const float v : out.vectors)
    if (!std::isfinite(v)) in.corrupt("holds a number that is not finite");
  return out;
}

ForeignIndex read_foreign(const std::filesystem::path& file, Metric metric) {
  const base::MappedFile map(file);
  if (looks_like_faiss(map.view())) return parse_faiss(map.view(), file.string());
  return parse_hnswlib(map.view(), file.string(), metric);
}

}  // namespace hanok::index::formats
