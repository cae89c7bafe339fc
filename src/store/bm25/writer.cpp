#include "store/bm25/writer.h"

#include <algorithm>
#include <bit>
#include <numeric>

#include "base/sealed.h"

namespace hanok::store::bm25 {
namespace {

constexpr size_t kInlineBytes = 24;  // shorter lists lie in the dictionary: one cache miss less, no offset
constexpr size_t kMostDictionaryBytes = UINT32_MAX - (1u << 20);  // leaves room for one entry more

uint32_t bits_for(size_t terms) {
  const size_t buckets = std::max<size_t>(1, terms / kTermsPerBucket);
  return std::min<uint32_t>(31, static_cast<uint32_t>(std::bit_width(buckets)));
}

}  // namespace

/// Where each bucket begins in the dictionary, and where the last one ends.
std::vector<uint32_t> Writer::buckets(uint32_t bits) const {
  std::vector<uint32_t> begins;
  begins.reserve((size_t{1} << bits) + 1);
  for (const Place& place : places_)
    while (begins.size() <= uint64_t{place.hash} >> (32 - bits)) begins.push_back(place.begin);
  begins.resize((size_t{1} << bits) + 1, static_cast<uint32_t>(dictionary_.size()));
  return begins;
}

void Writer::add(std::string_view term, uint32_t hash, std::span<const Posting> postings) {
  if (dictionary_.size() > kMostDictionaryBytes)
    throw Error(Code::Exhausted, "bm25 segment: the dictionary exceeds 4 GiB; make more segments");
  places_.push_back({hash, static_cast<uint32_t>(dictionary_.size())});
  list_.clear();
  encode_postings(postings, lengths_, list_);
  put_varint(dictionary_, term.size());
  dictionary_ += term;
  put_varint(dictionary_, postings.size());
  if (list_.size() <= kInlineBytes) {
    put_varint(dictionary_, list_.size() << 1);
    dictionary_ += list_;
  } else {
    put_varint(dictionary_, list_.size() << 1 | 1);
    put_varint(dictionary_, postings_.size());
    postings_ += list_;
  }
}

std::string Writer::finish() {
  const uint32_t bits = bits_for(places_.size());
  const std::vector<uint32_t> begins = buckets(bits);
  const uint32_t longest = lengths_.empty() ? 0 : *std::max_element(lengths_.begin(), lengths_.end());
  Header h{};
  std::copy(kMagic.begin(), kMagic.end(), h.magic);
  h.version = kVersion;
  h.chunks = static_cast<uint32_t>(ids_.size());
  h.first = ids_.empty() ? 0 : ids_.front();
  h.last = ids_.empty() ? 0 : ids_.back();
  const bool listed = !ids_.empty() && h.last - h.first != h.chunks - 1, wide = longest > UINT16_MAX;
  h.flags = (listed ? kIdsListed : 0) | (wide ? kWideLengths : 0);
  h.total_length = std::accumulate(lengths_.begin(), lengths_.end(), uint64_t{0});
  h.shortest = lengths_.empty() ? 0 : *std::min_element(lengths_.begin(), lengths_.end());
  h.terms = places_.size();
  h.bucket_bits = bits;
  h.ids_at = sizeof(Header);
  h.lengths_at = h.ids_at + (listed ? ids_.size() * 4 : 0);
  h.buckets_at = h.lengths_at + lengths_.size() * (wide ? 4 : 2);
  h.dictionary_at = h.buckets_at + begins.size() * 4;
  h.postings_at = h.dictionary_at + dictionary_.size();
  h.bytes = h.postings_at + postings_.size() + kPadding;

  std::string out;
  out.reserve(h.bytes);
  store_to(out, h);
  if (listed) out.append(reinterpret_cast<const char*>(ids_.data()), ids_.size() * 4);
  for (const uint32_t length : lengths_) {
    if (wide) {
      store_to(out, length);
    } else {
      store_to(out, static_cast<uint16_t>(length));
    }
  }
  out.append(reinterpret_cast<const char*>(begins.data()), begins.size() * 4);
  out += dictionary_;
  out += postings_;
  out.append(kPadding, '\0');
  base::seal(h, std::string_view(out).substr(sizeof(Header)));
  std::memcpy(out.data(), &h, sizeof(h));
  return out;
}

}  // namespace hanok::store::bm25
