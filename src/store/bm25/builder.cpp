#include <algorithm>
#include <string>
#include <unordered_map>
#include <vector>

#include "store/bm25/segment.h"
#include "store/bm25/writer.h"

namespace hanok::store::bm25 {

struct SegmentBuilder::Impl {
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view term) const { return term_hash(term); }
  };
  std::unordered_map<std::string, std::vector<Posting>, Hash, std::equal_to<>> postings;
  std::vector<ChunkId> ids;
  std::vector<uint32_t> lengths;
  size_t bytes = 0;
};

SegmentBuilder::SegmentBuilder() : impl_(std::make_unique<Impl>()) {}
SegmentBuilder::~SegmentBuilder() = default;

void SegmentBuilder::add(ChunkId id, std::span<const text::Term> terms) {
  constexpr size_t kBytesPerTerm = 120;  // a hash node, its string and an empty list
  if (!impl_->ids.empty() && id <= impl_->ids.back())
    throw Error(Code::Internal, "bm25: chunk " + std::to_string(id) + " added after " +
                                    std::to_string(impl_->ids.back()) + "; ids must ascend");
  const auto ordinal = static_cast<uint32_t>(impl_->ids.size());
  for (const text::Term& term : terms) {
    auto found = impl_->postings.find(std::string_view(term.form));
    if (found == impl_->postings.end()) {
      found = impl_->postings.try_emplace(term.form).first;
      impl_->bytes += kBytesPerTerm + term.form.size();
    }
    auto& list = found->second;
    if (!list.empty() && list.back().ordinal == ordinal) {
      ++list.back().tf;
    } else {
      list.push_back({ordinal, 1});
      impl_->bytes += sizeof(Posting);
    }
  }
  impl_->ids.push_back(id);
  // What is written together beside its parts makes a text no longer.
  impl_->lengths.push_back(
      static_cast<uint32_t>(std::count_if(terms.begin(), terms.end(), [](const auto& t) { return !t.joined; })));
  impl_->bytes += sizeof(ChunkId) + sizeof(uint32_t);
}

size_t SegmentBuilder::chunks() const { return impl_->ids.size(); }
size_t SegmentBuilder::bytes_in_memory() const { return impl_->bytes; }

std::string SegmentBuilder::finish() {
  struct Item {
    uint32_t hash;
    std::string_view term;
    const std::vector<Posting>* list;
  };
  std::vector<Item> items;
  items.reserve(impl_->postings.size());
  for (const auto& [term, list] : impl_->postings) items.push_back({term_hash(term), term, &list});
  std::sort(items.begin(), items.end(),
            [](const Item& a, const Item& b) { return a.hash != b.hash ? a.hash < b.hash : a.term < b.term; });
  Writer writer(impl_->ids, impl_->lengths);
  for (const Item& item : items) writer.add(item.term, item.hash, *item.list);
  std::string bytes = writer.finish();
  impl_ = std::make_unique<Impl>();
  return bytes;
}

}  // namespace hanok::store::bm25
