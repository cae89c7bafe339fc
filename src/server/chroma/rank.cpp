#include "server/chroma/rank.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "server/chroma/service.h"

namespace hanok::server::chroma {
namespace {

constexpr size_t kMostSearches = 64;  // of one expression; each costs what a query does
constexpr int64_t kMostNeighbours = 1'000'000;

[[noreturn]] void invalid(const std::string& what) { refuse_argument("Invalid rank expression: " + what); }

store::SparseVector read_sparse(Object object) {
  store::SparseVector out;
  for (const Element index : array_of(required(object, "indices"), "$knn.query.indices"))
    out.indices.push_back(
        static_cast<uint32_t>(whole_of(index, "$knn.query.indices", 0, std::numeric_limits<uint32_t>::max())));
  append_floats(required(object, "values"), "$knn.query.values", out.values);
  if (out.indices.size() != out.values.size())
    invalid("the query has " + std::to_string(out.indices.size()) + " indices and " +
            std::to_string(out.values.size()) + " values");
  return out;
}

Knn read_knn(Element value) {
  const Object said = object_of(value, "$knn");
  Knn out;
  if (const auto key = member(said, "key")) out.key = text_of(*key, "$knn.key");
  if (const auto limit = member(said, "limit"))
    out.limit = static_cast<size_t>(whole_of(*limit, "$knn.limit", 1, kMostNeighbours));
  if (const auto otherwise = member(said, "default"))
    out.otherwise = static_cast<float>(number_of(*otherwise, "$knn.default"));
  if (const auto by_place = member(said, "return_rank")) out.by_place = flag_of(*by_place, "$knn.return_rank");
  const Element query = required(said, "query");
  if (query.is_object())
    out.sparse = read_sparse(Object(query));
  else if (query.is_array())
    append_floats(query, "$knn.query", out.vector);
  else
    invalid("$knn.query needs a vector (a list of numbers, or indices and values), found " +
            std::string(kind_of(query)) + "; texts are embedded by the client");
  if (query.is_array() && out.key != "#embedding")
    invalid("the key '" + out.key + "' holds no dense vectors; those are in #embedding");
  if (query.is_object() && (out.key.empty() || out.key[0] == '#'))
    invalid("a sparse query needs the key of the metadata that holds sparse vectors, found '" + out.key + "'");
  return out;
}

Rank read_part(Element value, size_t& searches);

std::vector<Rank> read_list(Element value, std::string_view name, size_t& searches) {
  std::vector<Rank> out;
  for (const Element part : array_of(value, name)) out.push_back(read_part(part, searches));
  if (out.empty()) invalid(std::string(name) + " needs at least one part");
  return out;
}

std::vector<Rank> read_sides(Element value, std::string_view name, size_t& searches) {
  const Object sides = object_of(value, name);
  std::vector<Rank> out;
  for (const char* side : {"left", "right"}) out.push_back(read_part(required(sides, side), searches));
  return out;
}

Rank read_part(Element value, size_t& searches) {
  using Kind = Rank::Kind;
  const Object object = object_of(value, "rank");
  if (object.size() != 1) invalid("expected one operator, found " + std::to_string(object.size()) + " keys");
  const auto field = *object.begin();
  const std::string_view name = field.key;
  if (name == "$val") return {.kind = Kind::Value, .value = static_cast<float>(number_of(field.value, "$val"))};
  if (name == "$knn") {
    if (++searches > kMostSearches) invalid("more than " + std::to_string(kMostSearches) + " searches");
    return {.kind = Kind::Knn, .knn = read_knn(field.value)};
  }
  const auto list = [&](Kind kind) { return Rank{.kind = kind, .parts = read_list(field.value, name, searches)}; };
  const auto sides = [&](Kind kind) { return Rank{.kind = kind, .parts = read_sides(field.value, name, searches)}; };
  const auto one = [&](Kind kind) { return Rank{.kind = kind, .parts = {read_part(field.value, searches)}}; };
  if (name == "$sum") return list(Kind::Sum);
  if (name == "$mul") return list(Kind::Product);
  if (name == "$max") return list(Kind::Max);
  if (name == "$min") return list(Kind::Min);
  if (name == "$sub") return sides(Kind::Difference);
  if (name == "$div") return sides(Kind::Quotient);
  if (name == "$abs") return one(Kind::Absolute);
  if (name == "$exp") return one(Kind::Exp);
  if (name == "$log") return one(Kind::Log);
  invalid("unknown operator '" + std::string(name) + "'");
}

/// The values of some records, and of all others.
struct Values {
  std::map<store::ChunkId, float> of = {};
  std::optional<float> otherwise = {};
};

template <typename Op>
Values mapped(Values values, Op op) {
  for (auto& [number, value] : values.of) value = op(value);
  if (values.otherwise) values.otherwise = op(*values.otherwise);
  return values;
}

/// Over the records that have a value on both sides.
template <typename Op>
Values merged(const Values& left, const Values& right, Op op) {
  const auto at = [](const Values& values, store::ChunkId number) -> std::optional<float> {
    const auto found = values.of.find(number);
    return found == values.of.end() ? values.otherwise : found->second;
  };
  Values out;
  const auto add = [&](store::ChunkId number) {
    const auto a = at(left, number), b = at(right, number);
    if (a && b) out.of[number] = op(*a, *b);
  };
  for (const auto& [number, value] : left.of) add(number);
  for (const auto& [number, value] : right.of) add(number);
  if (left.otherwise && right.otherwise) out.otherwise = op(*left.otherwise, *right.otherwise);
  return out;
}

Values values_of(const Rank& rank, const Search& search);

template <typename Op>
Values folded(const Rank& rank, const Search& search, Op op) {
  Values out = values_of(rank.parts[0], search);
  for (size_t i = 1; i < rank.parts.size(); ++i) out = merged(out, values_of(rank.parts[i], search), op);
  return out;
}

Values found_by(const Knn& knn, const Search& search) {
  Values out{.otherwise = knn.otherwise};
  float place = 0;
  for (const auto& [number, distance] : search(knn)) out.of[number] = knn.by_place ? place++ : distance;
  return out;
}

Values values_of(const Rank& rank, const Search& search) {
  switch (rank.kind) {
    case Rank::Kind::Value:
      return {.otherwise = rank.value};
    case Rank::Kind::Knn:
      return found_by(rank.knn, search);
    case Rank::Kind::Sum:
      return folded(rank, search, [](float a, float b) { return a + b; });
    case Rank::Kind::Product:
      return folded(rank, search, [](float a, float b) { return a * b; });
    case Rank::Kind::Max:
      return folded(rank, search, [](float a, float b) { return std::max(a, b); });
    case Rank::Kind::Min:
      return folded(rank, search, [](float a, float b) { return std::min(a, b); });
    case Rank::Kind::Difference:
      return folded(rank, search, [](float a, float b) { return a - b; });
    case Rank::Kind::Quotient:
      return folded(rank, search, [](float a, float b) { return a / b; });
    case Rank::Kind::Absolute:
      return mapped(values_of(rank.parts[0], search), [](float a) { return std::abs(a); });
    case Rank::Kind::Exp:
      return mapped(values_of(rank.parts[0], search), [](float a) { return std::exp(a); });
    case Rank::Kind::Log:
      return mapped(values_of(rank.parts[0], search), [](float a) { return std::log(a); });
  }
  return {};
}

}  // namespace

Rank read_rank(Element rank) {
  size_t searches = 0;
  return read_part(rank, searches);
}

Nearest evaluate(const Rank& rank, const Search& search) {
  Nearest out;
  for (const auto& [number, value] : values_of(rank, search).of)
    if (!std::isnan(value)) out.emplace_back(number, value);
  std::stable_sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
  return out;
}

}  // namespace hanok::server::chroma
