// Metadata of some records by value, in immutable segments (docs/formats/store.md): which records have this value in
// this field, and which weigh what in a dimension of a sparse vector. Segments are to metadata what those of bm25/ are
// to texts: a write makes one, neighbours are merged, removed records stay inside until then.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "hanok/records.h"
#include "store/bitmap.h"
#include "store/filter.h"

namespace hanok::store {

/// The field that holds a record's namespace; no metadata key begins with '#'.
inline constexpr std::string_view kNamespaceField = "#namespace";

/// What a segment is made of. Views: what they point to must outlive the call.
struct FieldRecord {
  ChunkId id = 0;
  ChunkId first = 0;  // its number when it was first written
  std::string_view ns;
  const Json* metadata = nullptr;
  const SparseVector* sparse = nullptr;  // nullptr: none
};

/// Ids ascend; at least one.
std::string make_field_segment(std::span<const FieldRecord> records);

/// A view of a segment's bytes, which must outlive it. Safe to use from several threads.
class FieldSegment {
 public:
  /// check_all: the checksum of every byte too. Throws Corrupt, naming `what`.
  static std::shared_ptr<const FieldSegment> open(std::string_view bytes, bool check_all, const std::string& what);

  std::span<const ChunkId> ids() const { return ids_; }
  const Bitmap& all() const { return all_; }
  /// What the record's number was when it was first written; id: one of ids().
  ChunkId first_of(ChunkId id) const;
  bool any_moved() const { return !moved_.empty(); }

  /// Records that satisfy `field op value`, removed ones too.
  std::shared_ptr<const Bitmap> where(const std::string& field, Condition::Op op, const Json& value,
                                      bool into_lists) const;
  /// visit(id, weight) for records with a weight in this dimension of their sparse vector `key`.
  template <class Visit>
  void each_weight(std::string_view key, uint32_t dimension, Visit visit) const {
    const auto [ids, weights] = weights_of(key, dimension);
    for (size_t i = 0; i < ids.size(); ++i) visit(ids[i], weights[i]);
  }

 private:
  friend std::string merge_field_segments(std::span<const std::shared_ptr<const FieldSegment>>, const Bitmap&);
  struct Value {
    uint64_t bits;   // of a number; of a string where its bytes are
    uint32_t more;   // what kind of number; the length of a string
    uint32_t begin;  // its first posting in the group's list; they end where those of the next value begin
  };
  struct Group {  // a field and a type: values ascending, each with its records
    uint64_t name_at, values_at, ids_at;
    uint32_t name_bytes, type, values, postings;
  };
  struct SparseGroup {
    uint64_t name_at, dimensions_at, begins_at, ids_at, weights_at;  // begins: one more than there are dimensions
    uint32_t name_bytes, dimensions;
    uint64_t postings;
  };
  struct Moved {  // a record that was written again
    ChunkId id, first;
  };
  struct Weights {
    std::span<const ChunkId> ids;
    std::span<const float> weights;
  };
  Bitmap find(const std::string& field, Condition::Op op, const Json& value, bool into_lists) const;
  Weights weights_of(std::string_view key, uint32_t dimension) const;
  std::span<const ChunkId> postings(const Group& group, size_t first, size_t last) const;
  std::string_view text(const Value& value) const;
  std::span<const Value> values(const Group& group) const;
  void add(Bitmap& out, const Group& group, size_t first, size_t last) const;
  [[noreturn]] void corrupt(const std::string& why) const;
  template <class T>
  std::span<const T> array(uint64_t at, uint64_t count) const;

  std::string what_;
  std::string_view bytes_;
  std::span<const ChunkId> ids_;
  std::span<const Moved> moved_;
  std::span<const Group> groups_;
  std::span<const SparseGroup> sparse_;
  Bitmap all_;
  mutable std::mutex mutex_;  // of the next two
  mutable std::unordered_map<std::string, std::shared_ptr<const Bitmap>> found_;
  mutable size_t found_bytes_ = 0;
};

/// One segment with the records of all of them (ids ascend from one to the next) but for those in `gone`; "" where none
/// is left.
std::string merge_field_segments(std::span<const std::shared_ptr<const FieldSegment>> segments, const Bitmap& gone);

}  // namespace hanok::store
