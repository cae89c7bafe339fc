#include "lm/grammar/vocabulary.h"

#include <algorithm>

#include "base/ascii.h"
#include "text/tokenizers/byte_level.h"

namespace hanok::lm::grammar {
namespace {

constexpr size_t kLongestToken = UINT16_MAX;  // bytes; a longer token is never allowed

std::string with_blanks(const std::string& token) {
  if (token.size() == 6 && token.starts_with("<0x") && token[5] == '>' && base::hex_digit(token[3]) >= 0 &&
      base::hex_digit(token[4]) >= 0)
    return {static_cast<char>(base::hex_digit(token[3]) * 16 + base::hex_digit(token[4]))};
  static constexpr std::string_view kMark = "\u2581";
  std::string out;
  for (size_t i = 0; i < token.size();) {
    if (std::string_view(token).substr(i).starts_with(kMark))
      out += ' ', i += kMark.size();
    else
      out += token[i++];
  }
  return out;
}

}  // namespace

Vocabulary::Vocabulary(std::vector<std::string> bytes) : bytes_(std::move(bytes)) {
  for (size_t i = 0; i < bytes_.size(); ++i)
    if (!bytes_[i].empty() && bytes_[i].size() <= kLongestToken) ids_.push_back(static_cast<int32_t>(i));
  std::sort(ids_.begin(), ids_.end(), [&](int32_t a, int32_t b) {
    const auto &x = bytes_[static_cast<size_t>(a)], &y = bytes_[static_cast<size_t>(b)];
    return x != y ? x < y : a < b;  // std::string compares bytes without their signs
  });
  nodes_.push_back({});
  std::vector<uint32_t> way{0};  // the nodes of the token before
  const std::string* before = nullptr;
  const auto close = [&](size_t depth) {
    while (way.size() > depth + 1) {
      nodes_[way.back()].end = static_cast<uint32_t>(nodes_.size());
      way.pop_back();
    }
  };
  for (size_t i = 0; i < ids_.size(); ++i) {
    const std::string& token = bytes_[static_cast<size_t>(ids_[i])];
    size_t common = 0;
    if (before)
      common = static_cast<size_t>(std::mismatch(before->begin(), before->end(), token.begin(), token.end()).first -
                                   before->begin());
    if (!before || common < token.size() || common < before->size()) {
      close(common);
      for (size_t d = common; d < token.size(); ++d) {
        way.push_back(static_cast<uint32_t>(nodes_.size()));
        nodes_.push_back({.byte = static_cast<uint8_t>(token[d]),
                          .depth = static_cast<uint16_t>(d + 1),
                          .tokens = static_cast<uint32_t>(i)});
      }
    }
    before = &token;
  }
  close(0);
  nodes_[0].end = static_cast<uint32_t>(nodes_.size());
}

namespace {

constexpr size_t kMostSlices = 8;         // of a vocabulary, some megabytes each
constexpr size_t kFewestCharacters = 16;  // of a set: fewer are walked through as fast

size_t size_of(const CharSet& set) {
  size_t n = 0;
  for (const auto& [first, last] : set.ranges()) n += last - first + 1;
  return n;
}

// A set by its characters below 128, and whether each lead byte's characters are all in it (then they need no look-up).
struct Leads {
  enum class Lead : uint8_t { None, Some, All };
  Lead of[256] = {};
  explicit Leads(const CharSet& set) {
    for (char32_t c = 0; c < 128; ++c) of[c] = set.contains(c) ? Lead::All : Lead::None;
    const auto fill = [&](unsigned lead, char32_t first, char32_t last) {
      const CharSet all = CharSet::range(first, last), in = all.both(set);
      of[lead] = in == all ? Lead::All : in.empty() ? Lead::None : Lead::Some;
    };
    for (unsigned lead = 0xC2; lead <= 0xDF; ++lead) fill(lead, (lead & 31) << 6, (lead & 31) << 6 | 63);
    for (unsigned lead = 0xE0; lead <= 0xEF; ++lead)
      fill(lead, std::max<char32_t>((lead & 15) << 12, 0x800), (lead & 15) << 12 | 0xFFF);
    for (unsigned lead = 0xF0; lead <= 0xF4; ++lead)
      fill(lead, std::max<char32_t>((lead & 7) << 18, 0x10000),
           std::min<char32_t>((lead & 7) << 18 | 0x3FFFF, 0x10FFFF));
  }
};

// Characters of the set that the text begins with, and whether they are all of it.
struct Run {
  size_t characters = 0;
  bool whole = false;
};
Run run_of(const CharSet& set, const Leads& leads, std::string_view text) {
  Run out;
  for (size_t at = 0; at < text.size(); ++out.characters) {
    const auto lead = static_cast<unsigned char>(text[at]);
    if (leads.of[lead] == Leads::Lead::None) return out;
    if (lead < 128) {
      ++at;
      continue;
    }
    const size_t n = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    if (at + n > text.size()) return out;
    char32_t c = lead & (0x7Fu >> n);
    for (size_t i = 1; i < n; ++i) {
      const auto next = static_cast<unsigned char>(text[at + i]);
      if ((next & 0xC0) != 0x80) return out;
      c = c << 6 | (next & 63);
    }
    constexpr char32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
    if (c < kLeast[n] || c > 0x10FFFF || (c >= 0xD800 && c < 0xE000)) return out;
    if (leads.of[lead] == Leads::Lead::Some && !set.contains(c)) return out;
    at += n;
  }
  out.whole = true;
  return out;
}

}  // namespace

std::shared_ptr<const Slice> Vocabulary::slice(const CharSet& set, bool find) const {
  if (size_of(set) < kFewestCharacters) return nullptr;
  std::lock_guard lock(slices_->mutex);
  if (const auto at = slices_->known.find(set); at != slices_->known.end()) return at->second;
  if (!find || slices_->known.size() == kMostSlices) return nullptr;
  const Leads leads(set);
  auto out = std::make_shared<Slice>();
  out->kinds.resize(size(), Slice::Kind::Short);
  out->lengths.resize(size());
  out->below.resize(nodes_.size());
  for (const int32_t id : ids_) {
    const auto i = static_cast<size_t>(id);
    const Run run = run_of(set, leads, bytes_[i]);
    if (run.whole) {
      out->kinds[i] = Slice::Kind::Whole;
      out->lengths[i] = static_cast<uint16_t>(run.characters);
      out->longest = std::max(out->longest, run.characters);
      continue;
    }
    const bool is_long = bytes_[i].size() > Slice::kShort;
    if (is_long) out->kinds[i] = Slice::Kind::Long;
    size_t& lead = is_long ? out->long_lead : out->short_lead;
    // Behind a backslash a JSON string goes on, though with other bytes than the set's.
    const bool escapes = bytes_[i].find('\\') != std::string::npos;
    lead = std::max(lead, escapes ? bytes_[i].size() : run.characters + 1);
  }
  const size_t counted = std::min(out->longest, Slice::kCounted);
  out->up_to.assign(counted + 2, std::vector<uint64_t>((size() + 63) / 64));
  for (const int32_t id : ids_) {
    const auto i = static_cast<size_t>(id);
    if (out->kinds[i] != Slice::Kind::Whole) continue;
    const size_t n = std::min<size_t>(out->lengths[i], counted + 1);
    out->up_to[n][i / 64] |= uint64_t{1} << (i % 64);
  }
  for (size_t n = 1; n < out->up_to.size(); ++n)
    for (size_t w = 0; w < out->up_to[n].size(); ++w) out->up_to[n][w] |= out->up_to[n - 1][w];
  // Nodes before those below them; so from the end on, each is joined to the one above.
  std::vector<uint32_t> way;
  std::vector<uint32_t> above(nodes_.size());
  for (uint32_t n = 0; n < nodes_.size(); ++n) {
    way.resize(nodes_[n].depth);
    above[n] = way.empty() ? 0 : way.back();
    way.push_back(n);
  }
  for (uint32_t n = static_cast<uint32_t>(nodes_.size()); n-- > 0;) {
    Slice::Below& here = out->below[n];
    for (const int32_t id : tokens_at(n)) {
      const auto i = static_cast<size_t>(id);
      if (out->kinds[i] == Slice::Kind::Whole) here.longest = std::max(here.longest, out->lengths[i]);
      here.has_short = here.has_short || out->kinds[i] == Slice::Kind::Short;
      here.has_long = here.has_long || out->kinds[i] == Slice::Kind::Long;
    }
    if (n == 0) break;
    Slice::Below& up = out->below[above[n]];
    up.longest = std::max(up.longest, here.longest);
    up.has_short = up.has_short || here.has_short;
    up.has_long = up.has_long || here.has_long;
  }
  slices_->known.emplace(set, out);
  return out;
}

TokenBytes::Alphabet TokenBytes::alphabet_of(const text::Tokenizer& tokenizer) {
  const auto blank = tokenizer.token_id("\u0120");
  if (blank) {
    const int32_t ids[] = {*blank};
    if (tokenizer.decode(ids) == " ") return Alphabet::Bytes;
  }
  return tokenizer.token_id("<0x0A>") ? Alphabet::Marks : Alphabet::Text;
}

TokenBytes::TokenBytes(const text::Tokenizer& tokenizer)
    : tokenizer_(tokenizer), alphabet_(alphabet_of(tokenizer)), anchor_(tokenizer.token_id("a")) {
  if (anchor_) alone_ = tokenizer.decode({&*anchor_, 1});
}

std::string TokenBytes::of(int32_t id) const {
  const auto token = tokenizer_.token(id);
  if (!token || token->empty() || tokenizer_.is_special(id)) return {};
  std::string out;
  if (alphabet_ == Alphabet::Bytes) {
    if (!text::tokenizers::append_bytes(out, *token)) out = *token;
  } else if (alphabet_ == Alphabet::Marks) {
    out = with_blanks(*token);
  } else if (anchor_) {  // what it adds behind another
    const int32_t two[] = {*anchor_, id};
    const std::string text = tokenizer_.decode(two);
    if (text.starts_with(alone_)) out = text.substr(alone_.size());
  }
  return out;
}

Vocabulary Vocabulary::of(const text::Tokenizer& tokenizer, size_t size) {
  const TokenBytes of(tokenizer);
  std::vector<std::string> bytes(size);
  for (size_t i = 0; i < size; ++i) bytes[i] = of.of(static_cast<int32_t>(i));
  return Vocabulary(std::move(bytes));
}

}  // namespace hanok::lm::grammar
