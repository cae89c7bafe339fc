#include "store/field_segment.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <set>

#include "base/json.h"
#include "base/sealed.h"
#include "store/fields.h"
#include "store/pattern.h"
#include "store/sparse.h"

namespace hanok::store {
namespace {

using Op = Condition::Op;

// Everything lies at multiples of eight bytes, little endian.
struct Header {
  std::array<char, 8> magic{'H', 'N', 'K', 'F', 'L', 'D', '0', '1'};  // kMagic
  uint64_t bytes = 0;                                                 // of the whole segment
  uint64_t ids_at = 0, moved_at = 0, groups_at = 0, sparse_at = 0;
  uint32_t records = 0, moved = 0, groups = 0, sparse = 0;
  uint32_t body_crc = 0;  // of everything after the header
  uint32_t header_crc = 0;
};
static_assert(sizeof(Header) == 72);
constexpr std::string_view kMagic("HNKFLD01", 8);
constexpr size_t kAlign = 8;
constexpr size_t kFoundBytes = 4 << 20;  // of conditions that were answered before, kept with a segment

enum class Number : uint32_t { Integer = 0, Real = 1 };

// A number as it is kept: whole ones as integers, so that 1 and 1.0 are the same.
struct Stored {
  uint64_t bits = 0;
  Number kind = Number::Integer;
};

Stored stored(const Json& number) {
  if (number.is_number_integer() &&
      !(number.is_number_unsigned() && number.get<uint64_t>() > static_cast<uint64_t>(INT64_MAX)))
    return {static_cast<uint64_t>(number.get<int64_t>()), Number::Integer};
  const double x = number.get<double>();
  if (x >= -0x1p63 && x < 0x1p63 && x == std::floor(x))
    return {static_cast<uint64_t>(static_cast<int64_t>(x)), Number::Integer};
  return {std::bit_cast<uint64_t>(x), Number::Real};
}

// A real that is kept is not whole or is beyond 64 bits, so this is exact.
int compare(Stored a, Stored b) {
  const auto three_way = [](auto x, auto y) { return x < y ? -1 : x > y ? 1 : 0; };
  const auto integer = [](Stored s) { return static_cast<int64_t>(s.bits); };
  const auto real = [](Stored s) { return std::bit_cast<double>(s.bits); };
  if (a.kind == Number::Integer && b.kind == Number::Integer) return three_way(integer(a), integer(b));
  if (a.kind == Number::Real && b.kind == Number::Real) return three_way(real(a), real(b));
  if (a.kind == Number::Integer) return -compare(b, a);
  const double x = real(a);
  if (x >= 0x1p63) return 1;
  if (x < -0x1p63) return -1;
  return static_cast<int64_t>(std::floor(x)) < integer(b) ? -1 : 1;
}

bool is_text(FieldType type) { return type == FieldType::String || type == FieldType::Element; }

// A value while segments are made.
struct Key {
  Stored number;          // of numbers and booleans
  std::string_view text;  // of strings
};

bool less(FieldType type, const Key& a, const Key& b) {
  return is_text(type) ? a.text < b.text : compare(a.number, b.number) < 0;
}
bool equal(FieldType type, const Key& a, const Key& b) {
  return is_text(type) ? a.text == b.text : compare(a.number, b.number) == 0;
}

// Lays a segment out, group by group.
class Layout {
 public:
  Layout() : out_(sizeof(Header), '\0') {}

  void begin(std::string_view name, FieldType type) {
    name_ = name, type_ = type;
    values_.clear(), postings_.clear();
  }
  void add(const Key& key, std::span<const ChunkId> ids) {
    if (ids.empty()) return;
    values_.push_back({key, static_cast<uint32_t>(postings_.size())});
    postings_.insert(postings_.end(), ids.begin(), ids.end());
    if (postings_.size() > UINT32_MAX) throw Error(Code::Exhausted, "metadata: more than 2^32 values in one field");
  }
  void end() {
    if (values_.empty()) return;
    std::vector<std::array<uint64_t, 2>> entries;  // as FieldSegment::Value
    for (const auto& [key, first] : values_) {
      const uint64_t more = is_text(type_) ? key.text.size() : static_cast<uint64_t>(key.number.kind);
      const uint64_t bits = is_text(type_) ? put(key.text) : key.number.bits;
      entries.push_back({bits, more | uint64_t{first} << 32});
    }
    const uint64_t name_at = put(name_);
    groups_.push_back({name_at, put(std::span<const std::array<uint64_t, 2>>(entries)),
                       put(std::span<const ChunkId>(postings_)), name_.size() | static_cast<uint64_t>(type_) << 32,
                       values_.size() | static_cast<uint64_t>(postings_.size()) << 32});
  }

  /// by dimension: the weights of records, ids ascending.
  void sparse(std::string_view name, const std::map<uint32_t, std::vector<std::pair<ChunkId, float>>>& weights) {
    std::vector<uint32_t> dimensions, begins{0};
    std::vector<ChunkId> ids;
    std::vector<float> values;
    for (const auto& [dimension, list] : weights) {
      if (list.empty()) continue;
      dimensions.push_back(dimension);
      for (const auto& [id, weight] : list) ids.push_back(id), values.push_back(weight);
      begins.push_back(static_cast<uint32_t>(ids.size()));
    }
    if (dimensions.empty()) return;
    if (ids.size() > UINT32_MAX) throw Error(Code::Exhausted, "sparse vectors: more than 2^32 weights in one segment");
    const uint64_t name_at = put(name);
    sparse_.push_back({name_at, put(std::span<const uint32_t>(dimensions)), put(std::span<const uint32_t>(begins)),
                       put(std::span<const ChunkId>(ids)), put(std::span<const float>(values)),
                       name.size() | static_cast<uint64_t>(dimensions.size()) << 32, ids.size()});
  }

  /// moved: pairs of id and first number.
  std::string finish(std::span<const ChunkId> ids, std::span<const std::array<ChunkId, 2>> moved) {
    Header header;
    header.ids_at = put(ids);
    header.moved_at = put(moved);
    header.groups_at = put(std::span<const std::array<uint64_t, 5>>(groups_));
    header.sparse_at = put(std::span<const std::array<uint64_t, 7>>(sparse_));
    header.records = static_cast<uint32_t>(ids.size());
    header.moved = static_cast<uint32_t>(moved.size());
    header.groups = static_cast<uint32_t>(groups_.size());
    header.sparse = static_cast<uint32_t>(sparse_.size());
    header.bytes = out_.size();
    base::seal(header, std::string_view(out_).substr(sizeof(Header)));
    std::memcpy(out_.data(), &header, sizeof header);
    return std::move(out_);
  }

 private:
  uint64_t put(std::string_view bytes) {
    const uint64_t at = out_.size();
    out_ += bytes;
    out_.resize((out_.size() + kAlign - 1) / kAlign * kAlign);
    return at;
  }
  template <class T>
  uint64_t put(std::span<const T> values) {
    return put(std::string_view(reinterpret_cast<const char*>(values.data()), values.size_bytes()));
  }

  std::string out_;
  std::string_view name_;
  FieldType type_ = FieldType::Bool;
  std::vector<std::pair<Key, uint32_t>> values_;
  std::vector<ChunkId> postings_;
  std::vector<std::array<uint64_t, 5>> groups_;  // as FieldSegment::Group
  std::vector<std::array<uint64_t, 7>> sparse_;  // as FieldSegment::SparseGroup
};

using Postings = std::vector<std::pair<Key, ChunkId>>;
using Groups = std::map<std::pair<std::string_view, FieldType>, Postings>;
using Sparse = std::map<std::string_view, std::map<uint32_t, std::vector<std::pair<ChunkId, float>>>>;

Key key_of(const Json& scalar) {
  if (scalar.is_boolean()) return {.number = {scalar.get<bool>(), Number::Integer}, .text = {}};
  if (scalar.is_number()) return {.number = stored(scalar), .text = {}};
  return {.number = {}, .text = scalar.get_ref<const std::string&>()};
}

FieldType scalar_type(const Json& v) {
  return v.is_boolean() ? FieldType::Bool : v.is_number() ? FieldType::Number : FieldType::String;
}

FieldType element_type(const Json& v) {
  return v.is_boolean() ? FieldType::BoolElement : v.is_number() ? FieldType::NumberElement : FieldType::Element;
}

void add_sparse(Sparse& out, std::string_view key, ChunkId id, const SparseVector& vector) {
  auto& dimensions = out[key];
  for (size_t i = 0; i < vector.indices.size(); ++i) dimensions[vector.indices[i]].emplace_back(id, vector.values[i]);
}

void add_field(Groups& groups, Sparse& sparse, std::string_view name, const Json& value, ChunkId id) {
  const auto put = [&](FieldType type, const Key& key) { groups[{name, type}].emplace_back(key, id); };
  if (value.is_object()) {
    put(FieldType::Sparse, {});
    add_sparse(sparse, name, id, sparse_from(value));
  } else if (!value.is_array()) {
    put(scalar_type(value), key_of(value));
  } else if (value.empty()) {
    put(FieldType::EmptyList, {});
  } else {
    for (const auto& e : value) put(element_type(e), key_of(e));
  }
}

void lay_out(Layout& layout, const Groups& groups) {
  std::vector<ChunkId> ids;
  for (const auto& [group, list] : groups) {
    const auto& [name, type] = group;
    std::vector<size_t> order(list.size());
    for (size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::stable_sort(order.begin(), order.end(),
                     [&, t = type](size_t a, size_t b) { return less(t, list[a].first, list[b].first); });
    layout.begin(name, type);
    for (size_t i = 0; i < order.size();) {
      ids.clear();
      const Key& key = list[order[i]].first;
      for (; i < order.size() && equal(type, list[order[i]].first, key); ++i)
        if (const ChunkId id = list[order[i]].second; ids.empty() || ids.back() != id) ids.push_back(id);
      layout.add(key, ids);
    }
    layout.end();
  }
}

}  // namespace

std::string make_field_segment(std::span<const FieldRecord> records) {
  Groups groups;
  Sparse sparse;
  std::vector<ChunkId> ids;
  std::vector<std::array<ChunkId, 2>> moved;
  for (const auto& r : records) {
    ids.push_back(r.id);
    if (r.first != r.id) moved.push_back({r.id, r.first});
    groups[{kNamespaceField, FieldType::String}].emplace_back(Key{.number = {}, .text = r.ns}, r.id);
    for (auto field = r.metadata->begin(); field != r.metadata->end(); ++field)
      add_field(groups, sparse, field.key(), *field, r.id);
    if (r.sparse) add_sparse(sparse, "", r.id, *r.sparse);
  }
  Layout layout;
  lay_out(layout, groups);
  for (const auto& [name, weights] : sparse) layout.sparse(name, weights);
  return layout.finish(ids, moved);
}

// ---- reading ----

void FieldSegment::corrupt(const std::string& why) const { throw Error(Code::Corrupt, what_ + ": " + why); }

template <class T>
std::span<const T> FieldSegment::array(uint64_t at, uint64_t count) const {
  if (at % kAlign != 0 || at > bytes_.size() || count > (bytes_.size() - at) / sizeof(T))
    corrupt("a list of " + std::to_string(count) + " at byte " + std::to_string(at) + " is not inside");
  return {reinterpret_cast<const T*>(bytes_.data() + at), static_cast<size_t>(count)};
}

std::shared_ptr<const FieldSegment> FieldSegment::open(std::string_view bytes, bool check_all,
                                                       const std::string& what) {
  static_assert(sizeof(Value) == 16 && sizeof(Group) == 40 && sizeof(SparseGroup) == 56);
  auto out = std::make_shared<FieldSegment>();
  out->what_ = what;
  out->bytes_ = bytes;
  const auto fail = [&](const std::string& why) { out->corrupt(why); };
  const auto header = base::unseal<Header>(bytes, kMagic, fail);
  if (header.bytes != bytes.size())
    fail("has " + std::to_string(bytes.size()) + " bytes, expected " + std::to_string(header.bytes));
  if (check_all) base::check_body(header, bytes, fail);
  out->ids_ = out->array<ChunkId>(header.ids_at, header.records);
  out->moved_ = out->array<Moved>(header.moved_at, header.moved);
  out->groups_ = out->array<Group>(header.groups_at, header.groups);
  out->sparse_ = out->array<SparseGroup>(header.sparse_at, header.sparse);
  if (out->ids_.empty()) fail("it has no records");
  for (const auto& g : out->groups_) {
    out->array<char>(g.name_at, g.name_bytes);
    out->array<Value>(g.values_at, g.values);
    out->array<ChunkId>(g.ids_at, g.postings);
  }
  for (const auto& g : out->sparse_) {
    out->array<char>(g.name_at, g.name_bytes);
    out->array<uint32_t>(g.dimensions_at, g.dimensions);
    out->array<uint32_t>(g.begins_at, uint64_t{g.dimensions} + 1);
    out->array<ChunkId>(g.ids_at, g.postings);
    out->array<float>(g.weights_at, g.postings);
  }
  if (out->ids_.back() - out->ids_.front() + uint64_t{1} == out->ids_.size())
    add_range(out->all_, out->ids_.front(), out->ids_.size());
  else
    out->all_.addMany(out->ids_.size(), out->ids_.data());
  return out;
}

std::span<const FieldSegment::Value> FieldSegment::values(const Group& g) const {
  return {reinterpret_cast<const Value*>(bytes_.data() + g.values_at), g.values};
}

std::string_view FieldSegment::text(const Value& v) const {
  if (v.bits > bytes_.size() || v.more > bytes_.size() - v.bits) corrupt("a value is not inside");
  return bytes_.substr(v.bits, v.more);
}

// Of the values [first, last).
std::span<const ChunkId> FieldSegment::postings(const Group& g, size_t first, size_t last) const {
  const auto list = values(g);
  const uint64_t begin = list[first].begin, end = last < list.size() ? list[last].begin : g.postings;
  if (begin > end || end > g.postings) corrupt("its postings are not inside");
  return {reinterpret_cast<const ChunkId*>(bytes_.data() + g.ids_at) + begin, static_cast<size_t>(end - begin)};
}

void FieldSegment::add(Bitmap& out, const Group& g, size_t first, size_t last) const {
  if (first >= last) return;
  const auto list = postings(g, first, last);
  out.addMany(list.size(), list.data());
}

ChunkId FieldSegment::first_of(ChunkId id) const {
  const auto at =
      std::lower_bound(moved_.begin(), moved_.end(), id, [](const Moved& m, ChunkId i) { return m.id < i; });
  return at != moved_.end() && at->id == id ? at->first : id;
}

std::shared_ptr<const Bitmap> FieldSegment::where(const std::string& field, Op op, const Json& value,
                                                  bool into_lists) const {
  const std::string key =
      std::to_string(static_cast<int>(op)) + (into_lists ? "i" : "o") + field + '\0' + base::dump_json(value);
  {
    std::lock_guard lock(mutex_);
    if (const auto known = found_.find(key); known != found_.end()) return known->second;
  }
  auto made = std::make_shared<Bitmap>(find(field, op, value, into_lists));
  made->runOptimize();
  const size_t bytes = made->getSizeInBytes() + key.size();
  std::lock_guard lock(mutex_);
  if (found_bytes_ + bytes > kFoundBytes) found_.clear(), found_bytes_ = 0;
  found_bytes_ += bytes;
  found_.try_emplace(key, made);
  return made;
}

Bitmap FieldSegment::find(const std::string& field, Op op, const Json& value, bool into_lists) const {
  Bitmap out;
  const auto in_group = [&](const Group& g, const Json& v) {
    const auto type = static_cast<FieldType>(g.type);
    const auto list = values(g);
    const Key wanted = key_of(v);
    const auto key = [&](const Value& x) {
      return is_text(type) ? Key{.number = {}, .text = text(x)}
                           : Key{.number = {x.bits, static_cast<Number>(x.more)}, .text = {}};
    };
    const auto lower =
        static_cast<size_t>(std::lower_bound(list.begin(), list.end(), wanted,
                                             [&](const Value& x, const Key& k) { return less(type, key(x), k); }) -
                            list.begin());
    const auto upper =
        static_cast<size_t>(std::upper_bound(list.begin(), list.end(), wanted,
                                             [&](const Key& k, const Value& x) { return less(type, k, key(x)); }) -
                            list.begin());
    switch (op) {
      case Op::Gt:
        return add(out, g, upper, list.size());
      case Op::Gte:
        return add(out, g, lower, list.size());
      case Op::Lt:
        return add(out, g, 0, lower);
      case Op::Lte:
        return add(out, g, 0, upper);
      default:
        return add(out, g, lower, upper);
    }
  };
  for (const auto& g : groups_) {
    if (bytes_.substr(g.name_at, g.name_bytes) != field) continue;
    const auto type = static_cast<FieldType>(g.type);
    if (op == Op::Exists) {
      add(out, g, 0, g.values);
    } else if (op == Op::Regex) {
      if (type != FieldType::String) continue;
      const Pattern wanted(value.get_ref<const std::string&>());
      for (size_t i = 0; i < g.values; ++i)
        if (wanted.found_in(text(values(g)[i]))) add(out, g, i, i + 1);
    } else if (op == Op::In) {
      for (const auto& v : value)
        if (type == scalar_type(v) || (into_lists && type == element_type(v))) in_group(g, v);
    } else if (op == Op::Contains) {
      if (type == element_type(value)) in_group(g, value);
      if (into_lists && type == FieldType::String && value.is_string())
        for (size_t i = 0; i < g.values; ++i)
          if (text(values(g)[i]).find(value.get_ref<const std::string&>()) != std::string_view::npos)
            add(out, g, i, i + 1);
    } else if (type == scalar_type(value) || (into_lists && type == element_type(value))) {
      in_group(g, value);
    }
  }
  return out;
}

FieldSegment::Weights FieldSegment::weights_of(std::string_view key, uint32_t dimension) const {
  for (const auto& g : sparse_) {
    if (bytes_.substr(g.name_at, g.name_bytes) != key) continue;
    const auto dimensions = array<uint32_t>(g.dimensions_at, g.dimensions);
    const auto begins = array<uint32_t>(g.begins_at, uint64_t{g.dimensions} + 1);
    const auto at = std::lower_bound(dimensions.begin(), dimensions.end(), dimension);
    if (at == dimensions.end() || *at != dimension) return {};
    const auto i = static_cast<size_t>(at - dimensions.begin());
    if (begins[i] > begins[i + 1] || begins[i + 1] > g.postings) corrupt("its weights are not inside");
    const size_t count = begins[i + 1] - begins[i];
    return {array<ChunkId>(g.ids_at, g.postings).subspan(begins[i], count),
            array<float>(g.weights_at, g.postings).subspan(begins[i], count)};
  }
  return {};
}

// ---- merging ----

std::string merge_field_segments(std::span<const std::shared_ptr<const FieldSegment>> segments, const Bitmap& gone) {
  std::vector<ChunkId> ids;
  std::vector<std::array<ChunkId, 2>> moved;
  std::set<std::pair<std::string_view, FieldType>> groups;
  std::set<std::string_view> sparse;
  for (const auto& s : segments) {
    for (const ChunkId id : s->ids_)
      if (!gone.contains(id)) ids.push_back(id);
    for (const auto& m : s->moved_)
      if (!gone.contains(m.id)) moved.push_back({m.id, m.first});
    for (const auto& g : s->groups_)
      groups.emplace(s->bytes_.substr(g.name_at, g.name_bytes), static_cast<FieldType>(g.type));
    for (const auto& g : s->sparse_) sparse.insert(s->bytes_.substr(g.name_at, g.name_bytes));
  }
  if (ids.empty()) return {};
  Layout layout;
  // One value after the other, in order; the postings of segments follow each other, as their ids do.
  for (const auto& [name, type] : groups) {
    struct Place {
      const FieldSegment* segment;
      const FieldSegment::Group* group;
      size_t at;
    };
    std::vector<Place> places;
    for (const auto& s : segments)
      for (const auto& g : s->groups_)
        if (s->bytes_.substr(g.name_at, g.name_bytes) == name && static_cast<FieldType>(g.type) == type)
          places.push_back({s.get(), &g, 0});
    const auto key = [&, t = type](const Place& p) {
      const auto& v = p.segment->values(*p.group)[p.at];
      return is_text(t) ? Key{.number = {}, .text = p.segment->text(v)}
                        : Key{.number = {v.bits, static_cast<Number>(v.more)}, .text = {}};
    };
    layout.begin(name, type);
    std::vector<ChunkId> postings;
    for (;;) {
      std::optional<Key> least;
      for (const auto& p : places)
        if (p.at < p.group->values)
          if (const Key k = key(p); !least || less(type, k, *least)) least = k;
      if (!least) break;
      postings.clear();
      for (auto& p : places) {
        if (p.at >= p.group->values || !equal(type, key(p), *least)) continue;
        for (const ChunkId id : p.segment->postings(*p.group, p.at, p.at + 1))
          if (!gone.contains(id)) postings.push_back(id);
        ++p.at;
      }
      layout.add(*least, postings);
    }
    layout.end();
  }
  for (const auto& name : sparse) {
    std::map<uint32_t, std::vector<std::pair<ChunkId, float>>> weights;
    for (const auto& s : segments)
      for (const auto& g : s->sparse_) {
        if (s->bytes_.substr(g.name_at, g.name_bytes) != name) continue;
        for (const uint32_t dimension : s->array<uint32_t>(g.dimensions_at, g.dimensions))
          s->each_weight(name, dimension, [&](ChunkId id, float weight) {
            if (!gone.contains(id)) weights[dimension].emplace_back(id, weight);
          });
      }
    layout.sparse(name, weights);
  }
  return layout.finish(ids, moved);
}

}  // namespace hanok::store
