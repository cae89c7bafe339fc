#include "server/parquet/parquet.h"

#include "hanok/error.h"
#include "server/parquet/thrift.h"

namespace hanok::server::parquet {
namespace {

constexpr std::string_view kMagic = "PAR1";
constexpr uint64_t kTail = 8;                       // the length of the head at the end, and the mark
constexpr uint64_t kMostHead = uint64_t{64} << 20;  // bytes; read, it takes several times as many
constexpr size_t kDeepestSchema = 16;
constexpr size_t kMostElements = 10'000, kLongestPath = 4096;  // of a schema: columns repeat the names above them

constexpr int64_t kUint8 = 11, kUint64 = 14;  // of ConvertedType; the others lie between

using Type = Thrift::Type;

struct SchemaElement {
  int64_t type = -1, repetition = 0, children = 0;  // repetition: 0 always there, 1 or not, 2 any number of times
  bool is_unsigned = false;
  std::string name;
};

/// Of the union of what a value means: only whole numbers have a member that is looked at.
bool says_unsigned(Thrift& in) {
  constexpr int kInteger = 10, kIsSigned = 2;
  bool out = false;
  in.structure([&](int meaning, Type) {
    if (meaning != kInteger) return false;
    in.structure([&](int id, Type type) {
      if (id == kIsSigned) return out = !in.flag(type), true;
      return false;
    });
    return true;
  });
  return out;
}

SchemaElement read_element(Thrift& in) {
  SchemaElement out;
  in.structure([&](int id, Type type) {
    if (id == 1) return out.type = in.integer(type), true;
    if (id == 3) return out.repetition = in.integer(type), true;
    if (id == 4) return out.name = in.binary(type), true;
    if (id == 5) return out.children = in.integer(type), true;
    if (id == 6) {  // the older way to say what a value means; files have one of both, or both
      const int64_t meaning = in.integer(type);
      return out.is_unsigned |= meaning >= kUint8 && meaning <= kUint64, true;
    }
    if (id == 10) return out.is_unsigned |= says_unsigned(in), true;
    return false;
  });
  return out;
}

Chunk read_chunk(Thrift& in) {
  Chunk out;
  int64_t data = 0, dictionary = 0, bytes = 0, values = 0;
  const auto about = [&](int id, Type type) {
    if (id == 4) return out.codec = static_cast<int>(in.integer(type)), true;
    if (id == 5) return values = in.integer(type), true;
    if (id == 7) return bytes = in.integer(type), true;
    if (id == 9) return data = in.integer(type), true;
    if (id == 11) return dictionary = in.integer(type), true;
    return false;
  };
  in.structure([&](int id, Type) {
    if (id == 3) return in.structure(about), true;
    return false;
  });
  out.at = static_cast<uint64_t>(dictionary > 0 && dictionary < data ? dictionary : data);
  out.bytes = static_cast<uint64_t>(bytes);
  out.values = static_cast<uint64_t>(values);
  return out;
}

RowGroup read_group(Thrift& in) {
  RowGroup out;
  in.structure([&](int id, Type type) {
    if (id == 1) return in.list(type, [&](Type) { out.chunks.push_back(read_chunk(in)); }), true;
    if (id == 3) return out.rows = static_cast<uint64_t>(in.integer(type)), true;
    return false;
  });
  return out;
}

/// Walks the schema, which lies flat: an element, then its children.
class Schema {
 public:
  Schema(const std::vector<SchemaElement>& elements, const std::string& name) : elements_(elements), name_(name) {}

  std::vector<Leaf> leaves() {
    if (elements_.empty()) corrupt();
    if (elements_.size() > kMostElements)
      throw Error(Code::Unsupported, name_ + ": has " + std::to_string(elements_.size()) +
                                         " columns, 10,000 are read at most; write fewer");
    const int64_t children = elements_[at_++].children;
    for (int64_t i = 0; i < children; ++i) walk({}, 0);
    if (at_ != elements_.size()) corrupt();
    return std::move(out_);
  }

 private:
  [[noreturn]] void corrupt() const { throw Error(Code::Corrupt, name_ + ": its schema does not hold together"); }

  void walk(Leaf above, size_t depth) {
    if (at_ == elements_.size() || depth > kDeepestSchema) corrupt();
    const SchemaElement& element = elements_[at_++];
    above.path += (above.path.empty() ? "" : ".") + element.name;
    if (above.path.size() > kLongestPath) corrupt();
    if (element.repetition != 0) ++above.definition;
    if (element.repetition == 2) {
      if (++above.repetition > 1)
        throw Error(Code::Unsupported,
                    name_ + ": the column " + above.path + " has lists in lists, which are not read");
      above.element = above.definition;
    }
    if (element.children > 0) {
      for (int64_t i = 0; i < element.children; ++i) walk(above, depth + 1);
      return;
    }
    if (element.type < 0 || element.type > static_cast<int64_t>(Physical::Fixed)) corrupt();
    above.type = static_cast<Physical>(element.type);
    above.is_unsigned = element.is_unsigned;
    out_.push_back(std::move(above));
  }

  const std::vector<SchemaElement>& elements_;
  const std::string& name_;
  size_t at_ = 0;
  std::vector<Leaf> out_;
};

}  // namespace

File::File(ReadAt read, uint64_t size, std::string name) : read_(std::move(read)), name_(std::move(name)) {
  const auto corrupt = [&](const std::string& why) -> void { throw Error(Code::Corrupt, name_ + ": " + why); };
  const std::string tail = size >= kTail ? read_(size - kTail, kTail) : "";
  if (tail.size() != kTail || !tail.ends_with(kMagic)) corrupt("is no whole Parquet file: it does not end with PAR1");
  const uint64_t length = base::ByteReader(tail, name_).read<uint32_t>("the length of its head");
  if (length > size - kTail || length > kMostHead)
    corrupt("its head has " + std::to_string(length) + " bytes, the file " + std::to_string(size));
  const std::string head = read_(size - kTail - length, length);
  if (head.size() != length) corrupt("its head cannot be read");
  Thrift in(head, name_);
  std::vector<SchemaElement> elements;
  in.structure([&](int id, Type type) {
    if (id == 2) return in.list(type, [&](Type) { elements.push_back(read_element(in)); }), true;
    if (id == 4) return in.list(type, [&](Type) { groups_.push_back(read_group(in)); }), true;
    return false;
  });
  leaves_ = Schema(elements, name_).leaves();
  for (const RowGroup& group : groups_)
    if (group.chunks.size() != leaves_.size())
      corrupt("a row group has " + std::to_string(group.chunks.size()) + " columns, the file " +
              std::to_string(leaves_.size()));
}

}  // namespace hanok::server::parquet
