// The pages of a column.
#include <algorithm>
#include <bit>
#include <cstring>

#include "hanok/error.h"
#include "server/http/gzip.h"
#include "server/parquet/levels.h"
#include "server/parquet/parquet.h"
#include "server/parquet/snappy.h"
#include "server/parquet/thrift.h"

namespace hanok::server::parquet {
namespace {

constexpr size_t kMostPage = size_t{128} << 20;                   // bytes; the largest that writers make: 100 MiB
constexpr uint64_t kMostValues = uint64_t{1} << 24;               // of a page: its levels are held
constexpr size_t kMostInList = size_t{1} << 20;                   // runs make any number of values of a few bytes
constexpr size_t kFirstHead = 1024, kMostHead = size_t{1} << 20;  // bytes of a page's head, which says no length

enum PageKind { kData = 0, kDictionary = 2, kDataV2 = 3 };
enum Encoding { kPlain = 0, kOldDictionary = 2, kRuns = 3, kByDictionary = 8, kSplit = 9 };
enum Codec { kNotPacked = 0, kSnappy = 1, kGzip = 2 };

struct Head {
  int64_t kind = -1, unpacked = -1, packed = -1, values = 0, encoding = kPlain;
  int64_t definition_bytes = 0, repetition_bytes = 0;  // of version 2
  bool is_packed = true;
  size_t size = 0;  // of the head itself
};

Head read_head(std::string_view bytes, const std::string& name) {
  using Type = Thrift::Type;
  Thrift in(bytes, name);
  Head out;
  const auto about = [&](int id, Type type) {  // all three begin alike
    if (id == 1) return out.values = in.integer(type), true;
    return false;
  };
  in.structure([&](int id, Type type) {
    if (id == 1) return out.kind = in.integer(type), true;
    if (id == 2) return out.unpacked = in.integer(type), true;
    if (id == 3) return out.packed = in.integer(type), true;
    if (id == 5 || id == 7)
      return in.structure([&](int field, Type t) {
        if (field == 2) return out.encoding = in.integer(t), true;
        return about(field, t);
      }),
             true;
    if (id == 8)
      return in.structure([&](int field, Type t) {
        if (field == 4) return out.encoding = in.integer(t), true;
        if (field == 5) return out.definition_bytes = in.integer(t), true;
        if (field == 6) return out.repetition_bytes = in.integer(t), true;
        if (field == 7) return out.is_packed = in.flag(t), true;
        return about(field, t);
      }),
             true;
    return false;
  });
  out.size = in.position();
  return out;
}

size_t width_of(Physical type) {
  switch (type) {
    case Physical::Int32:
    case Physical::Float:
      return 4;
    case Physical::Int64:
    case Physical::Double:
      return 8;
    default:
      return 0;
  }
}

int bits_of(uint32_t most) { return std::bit_width(most); }

}  // namespace

struct ColumnReader::Page {
  std::string bytes;                             // unpacked
  std::vector<uint32_t> definition, repetition;  // empty: 0 everywhere, or the most
  std::vector<uint32_t> indices;                 // into the dictionary, where it goes by one
  std::vector<size_t> begins;                    // of texts: their lengths' places
  bool by_dictionary = false;
  size_t plain = 0;                      // where plain values begin
  size_t values = 0, at = 0, value = 0;  // levels in all; the next one; the next value that is there

  double number(size_t i, const Leaf& leaf) const {
    const char* place = bytes.data() + plain + i * width_of(leaf.type);
    const auto as = [&](auto zero) {
      std::memcpy(&zero, place, sizeof zero);
      return static_cast<double>(zero);
    };
    switch (leaf.type) {
      case Physical::Int32:
        return leaf.is_unsigned ? as(uint32_t{}) : as(int32_t{});
      case Physical::Int64:
        return leaf.is_unsigned ? as(uint64_t{}) : as(int64_t{});
      case Physical::Float:
        return as(float{});
      default:
        return as(double{});
    }
  }
  std::string_view text(size_t i) const {
    uint32_t length = 0;
    std::memcpy(&length, bytes.data() + begins[i], sizeof length);
    return std::string_view(bytes).substr(begins[i] + sizeof length, length);
  }
  /// Looks where `count` plain values lie, and that all of them do.
  void lay_out(size_t begin, size_t count, Physical type, const std::string& name) {
    base::ByteReader in(std::string_view(bytes).substr(begin), name);
    plain = begin;
    if (type != Physical::Bytes) {
      if (count > in.left() / width_of(type)) in.corrupt("a page is shorter than its values");
      return;
    }
    for (size_t i = 0; i < count; ++i) {
      begins.push_back(begin + in.position());
      in.take(in.read<uint32_t>("a text's length"), "a text");
    }
  }
  void join_split(size_t count, Physical type) {
    const size_t width = width_of(type);
    std::string whole(count * width, 0);
    for (size_t i = 0; i < count; ++i)
      for (size_t k = 0; k < width; ++k) whole[i * width + k] = bytes[plain + k * count + i];
    bytes.replace(plain, whole.size(), whole);
  }
};

ColumnReader::ColumnReader(const File& file, size_t group, size_t leaf)
    : file_(file),
      leaf_(file.leaves()[leaf]),
      chunk_(file.groups()[group].chunks[leaf]),
      at_(chunk_.at),
      left_(chunk_.values) {
  if (leaf_.type != Physical::Bytes && width_of(leaf_.type) == 0)
    throw Error(Code::Unsupported, file.name() + ": the column " + leaf_.path +
                                       " has values of a kind that is not read; write it as float32 or as text");
}
ColumnReader::~ColumnReader() = default;
ColumnReader::ColumnReader(ColumnReader&&) noexcept = default;

void ColumnReader::read_page() {
  const std::string name = file_.name() + ", column " + leaf_.path;
  const auto corrupt = [&](const char* why) -> void { throw Error(Code::Corrupt, name + ": " + why); };
  Head head;
  for (size_t size = kFirstHead;; size *= 4) {
    const std::string start = file_.read()(at_, size);
    try {
      head = read_head(start, name);
      break;
    } catch (const Error&) {
      if (start.size() < size || size >= kMostHead) throw;
    }
  }
  const auto fits = [](int64_t n, uint64_t most) { return n >= 0 && static_cast<uint64_t>(n) <= most; };
  if (!fits(head.packed, kMostPage) || !fits(head.unpacked, kMostPage) || !fits(head.values, kMostValues))
    corrupt("a page is larger than is read at once");
  const auto packed_size = static_cast<size_t>(head.packed), size = static_cast<size_t>(head.unpacked);
  std::string raw = file_.read()(at_ + head.size, packed_size);
  if (raw.size() != packed_size) corrupt("a page is cut off");
  at_ += head.size + packed_size;
  if (head.kind != kData && head.kind != kDataV2 && head.kind != kDictionary) return;  // an index

  auto page = std::make_unique<Page>();
  page->values = static_cast<size_t>(head.values);
  // Version 2 keeps the levels before what is packed.
  const bool second = head.kind == kDataV2;
  if (!fits(head.repetition_bytes, size) ||
      !fits(head.definition_bytes, size - static_cast<size_t>(head.repetition_bytes)))
    corrupt("the levels of a page are larger than it is");
  const size_t before = second ? static_cast<size_t>(head.repetition_bytes + head.definition_bytes) : 0;
  if (before > raw.size() || before > size) corrupt("the levels of a page are larger than it is");
  const bool packed = chunk_.codec != kNotPacked && (!second || head.is_packed);
  if (!packed) {
    page->bytes = std::move(raw);
  } else {
    const std::string_view body = std::string_view(raw).substr(before);
    page->bytes = raw.substr(0, before);
    if (chunk_.codec == kSnappy) {
      page->bytes += unpack_snappy(body, size - before, name);
    } else if (chunk_.codec == kGzip) {
      try {
        page->bytes += gunzip(body, size - before);
      } catch (const Error& error) {
        corrupt(error.what());
      }
    } else {
      throw Error(Code::Unsupported, name + ": is packed by codec " + std::to_string(chunk_.codec) +
                                         ", which is not read; write it with snappy, gzip or none");
    }
  }
  if (page->bytes.size() != size) corrupt("a page has another size than its head says");

  size_t there = page->values, begin = 0;
  if (head.kind != kDictionary) {
    const auto levels = [&](uint32_t most, int64_t said) -> std::vector<uint32_t> {
      if (most == 0) return {};
      base::ByteReader in(std::string_view(page->bytes).substr(begin), name);
      const uint64_t length = second ? static_cast<uint64_t>(said) : in.read<uint32_t>("the length of levels");
      const auto bytes = in.take(length, "the levels");
      begin += in.position();
      auto out = read_levels(bytes, bits_of(most), page->values, name);
      if (std::any_of(out.begin(), out.end(), [&](uint32_t level) { return level > most; }))
        corrupt("a level is higher than the column's own");
      return out;
    };
    page->repetition = levels(leaf_.repetition, head.repetition_bytes);
    page->definition = levels(leaf_.definition, head.definition_bytes);
    if (leaf_.definition > 0)
      there = static_cast<size_t>(std::count(page->definition.begin(), page->definition.end(), leaf_.definition));
  }
  if (head.kind != kDictionary && (head.encoding == kByDictionary || head.encoding == kOldDictionary)) {
    if (!dictionary_) corrupt("goes by a dictionary that is not there");
    page->by_dictionary = true;
    if (there > 0) {
      if (begin >= page->bytes.size()) corrupt("a page is shorter than its values");
      const int bits = static_cast<unsigned char>(page->bytes[begin]);
      page->indices = read_levels(std::string_view(page->bytes).substr(begin + 1), bits, there, name);
    }
    for (const uint32_t index : page->indices)
      if (index >= dictionary_->values) corrupt("points behind its dictionary");
  } else if (head.encoding == kPlain || head.encoding == kOldDictionary ||
             (head.encoding == kSplit && leaf_.type != Physical::Bytes)) {
    page->lay_out(begin, there, leaf_.type, name);
    if (head.encoding == kSplit) page->join_split(there, leaf_.type);
  } else {
    throw Error(Code::Unsupported, name + ": is written by encoding " + std::to_string(head.encoding) +
                                       ", which is not read; write it plain or by a dictionary");
  }
  if (head.kind == kDictionary) {
    dictionary_ = std::move(page);
    return;
  }
  left_ -= std::min<uint64_t>(left_, page->values);
  page_ = std::move(page);
}

bool ColumnReader::more() {
  while (!page_ || page_->at == page_->values) {
    if (left_ == 0 || at_ >= chunk_.at + chunk_.bytes) return false;
    read_page();
  }
  return true;
}

void ColumnReader::take_value(Cell& cell) {
  const size_t i = page_->value++;
  const Page& from = page_->by_dictionary ? *dictionary_ : *page_;
  const size_t place = page_->by_dictionary ? page_->indices[i] : i;
  if (leaf_.type == Physical::Bytes)
    cell.text = from.text(place);
  else
    cell.numbers.push_back(from.number(place, leaf_));
}

void ColumnReader::next(Cell& cell) {
  cell.there = false;
  cell.numbers.clear();
  cell.text.clear();
  const auto corrupt = [&](const char* why) -> void {
    throw Error(Code::Corrupt, file_.name() + ", column " + leaf_.path + ": " + why);
  };
  if (!more()) corrupt("has fewer rows than the file says");
  for (bool first = true; first || (more() && !page_->repetition.empty() && page_->repetition[page_->at] > 0);
       first = false) {
    const uint32_t definition = page_->definition.empty() ? leaf_.definition : page_->definition[page_->at];
    if (first && !page_->repetition.empty() && page_->repetition[page_->at] > 0) corrupt("a row begins inside a list");
    ++page_->at;
    if (definition == leaf_.definition) {
      cell.there = true;
      if (cell.numbers.size() == kMostInList) corrupt("a list has more than 1,048,576 numbers");
      take_value(cell);
    } else if (leaf_.repetition > 0) {
      if (definition >= leaf_.element) corrupt("a list has an element that is null");
      cell.there = definition + 1 == leaf_.element;  // an empty list
    }
    if (leaf_.repetition == 0) break;
  }
}

}  // namespace hanok::server::parquet
