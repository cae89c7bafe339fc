#include "lm/grammar/matcher.h"

#include <algorithm>

#include "hanok/context.h"
#include "hanok/error.h"

namespace hanok::lm::grammar {
namespace {

constexpr size_t kMostItems = 4096;       // of one set: ways in which a text may be read at once
constexpr size_t kMostWork = 30'000'000;  // items visited for one mask or token: about a second
constexpr size_t kMostSets = 32'768;      // a kilobyte each, at most; beyond, everything is forgotten
constexpr size_t kMostAtOnce = 500'000;   // sets of one mask
constexpr size_t kFew = 8;                // steps of a set that are kept in a list
constexpr size_t kMostStacks = 1 << 20;
constexpr size_t kMostDense = 1024;   // masks of states, V / 8 bytes each
constexpr size_t kMostLocals = 8192;  // masks of states, lists among them
constexpr size_t kMostMasks = 256;    // masks of sets
constexpr size_t kSparse = 64;        // a mask of fewer than V / 64 tokens is a list
constexpr size_t kLookUp = 4096;      // nodes between two looks at the context

void set_bit(std::vector<uint64_t>& bits, int32_t id) {
  bits[static_cast<size_t>(id) / 64] |= uint64_t{1} << (static_cast<size_t>(id) % 64);
}

}  // namespace

size_t Engine::KeyHash::operator()(const Key& k) const {
  uint64_t h = (k.ends ? 1 : 0) + (k.leaves ? 2 : 0);
  for (const Item& i : k.items) {
    h = (h ^ (static_cast<uint64_t>(i.state) << 32 | i.stack)) * 0x9E3779B97F4A7C15ull;
    h ^= h >> 29;
  }
  return h;
}

Engine::Engine(const Rules& rules, std::shared_ptr<const Vocabulary> vocabulary)
    : program_(rules), vocabulary_(std::move(vocabulary)) {
  reset();
}

void Engine::reset() {
  ++epoch_;
  stacks_.clear();
  known_stacks_.clear();
  sets_.clear();
  known_sets_.clear();
  masks_.clear();
  shared_.clear();
  followed_.clear();
  locals_.clear();  // their masks hold without the sets, but they are soon found again
  dense_locals_ = 0;
  stacks_.push_back({kUnset, kUnset, 0});
  stacks_.push_back({kUnset, kUnset, 0});
  intern({{}, false, false});
  work_ = 0;
  first_ = close({{program_.start(program_.root()), kEnd}});
}

void Engine::work(size_t amount) {
  if ((work_ += amount) > kMostWork)
    throw Error(Code::Exhausted, "grammar: following it takes too long here; it is too ambiguous");
}

uint32_t Engine::push(uint32_t state, uint32_t below) {
  // A state that only ends its rule need not be returned to.
  if (program_.accepts(state) && program_.edges(state).empty()) return below;
  const uint64_t key = static_cast<uint64_t>(state) << 32 | below;
  const auto [at, fresh] = known_stacks_.emplace(key, static_cast<uint32_t>(stacks_.size()));
  if (fresh) stacks_.push_back({state, below, program_.cost(state) + stacks_[below].cost});
  return at->second;
}

// All items that `open` leads to without reading, as a set.
uint32_t Engine::close(std::vector<Item> open) {
  Key key{{}, false, false};
  std::unordered_map<uint64_t, bool> known;
  const auto add = [&](Item item) {
    if (known.emplace(static_cast<uint64_t>(item.state) << 32 | item.stack, true).second) open.push_back(item);
  };
  auto given = std::move(open);
  open.clear();
  for (const Item& item : given) add(item);
  while (!open.empty()) {
    const Item item = open.back();
    open.pop_back();
    if (known.size() > kMostItems)
      throw Error(Code::Exhausted, "grammar: more than " + std::to_string(kMostItems) +
                                       " ways to read the text so far; it is too ambiguous");
    if (program_.reads(item.state)) key.items.push_back(item);
    for (const Program::Edge& e : program_.edges(item.state)) {
      if (e.kind == Program::Edge::Kind::Empty) add({e.to, item.stack});
      if (e.kind == Program::Edge::Kind::Rule) add({program_.start(e.rule), push(e.to, item.stack)});
    }
    if (!program_.accepts(item.state)) continue;
    if (item.stack == kEnd)
      key.ends = true;
    else if (item.stack == kOpen)
      key.leaves = true;
    else
      add({stacks_[item.stack].state, stacks_[item.stack].below});
  }
  work(known.size());
  std::sort(key.items.begin(), key.items.end());
  return intern(std::move(key));
}

uint32_t Engine::intern(Key key) {
  if (const auto at = known_sets_.find(key); at != known_sets_.end()) return at->second;
  if (sets_.size() > kMostAtOnce)
    throw Error(Code::Exhausted, "grammar: following it takes too much memory; it is too ambiguous");
  const auto id = static_cast<uint32_t>(sets_.size());
  Set set;
  set.items = key.items;
  set.ends = key.ends;
  set.leaves = key.leaves;
  sets_.push_back(std::move(set));
  known_sets_.emplace(std::move(key), id);
  return id;
}

void Engine::remember(uint32_t from, uint8_t byte, uint32_t to) {
  Set& set = sets_[from];
  if (!set.table && set.few.size() < kFew) {
    set.few.emplace_back(byte, to);
    return;
  }
  if (!set.table) {
    set.table = std::make_unique<uint32_t[]>(256);
    std::fill_n(set.table.get(), 256, kUnset);
    for (const auto& [b, t] : set.few) set.table[b] = t;
    set.few = {};
  }
  set.table[byte] = to;
}

uint32_t Engine::step(uint32_t from, uint8_t byte) {
  const Set& set = sets_[from];
  if (set.table) {
    if (set.table[byte] != kUnset) return set.table[byte];
  } else {
    for (const auto& [b, to] : set.few)
      if (b == byte) return to;
  }
  std::vector<Item> open;
  for (const Item& item : set.items)
    for (const Program::Edge& e : program_.edges(item.state))
      if (e.kind == Program::Edge::Kind::Byte && e.first <= byte && byte <= e.last) open.push_back({e.to, item.stack});
  work(set.items.size());
  const uint32_t to = open.empty() ? kDead : close(std::move(open));
  remember(from, byte, to);
  return to;
}

// How many characters of a set can be read from a state within its rule, whichever they are; at most `most`.
size_t Engine::run_length(uint32_t state, uint32_t set, size_t most) const {
  const CharSet& chars = program_.sets()[set];
  const auto closed = [&](std::vector<uint32_t> open) {
    std::vector<uint32_t> out;
    while (!open.empty()) {
      const uint32_t s = open.back();
      open.pop_back();
      if (std::find(out.begin(), out.end(), s) != out.end()) continue;
      out.push_back(s);
      for (const Program::Edge& e : program_.edges(s))
        if (e.kind == Program::Edge::Kind::Empty) open.push_back(e.to);
    }
    std::sort(out.begin(), out.end());
    return out;
  };
  std::vector<uint32_t> now{state};
  for (size_t n = 0; n < most; ++n) {
    std::vector<uint32_t> next;
    for (const uint32_t s : now)
      for (const auto& e : program_.char_edges(s))
        if (e.set == set || chars.without(program_.sets()[e.set]).empty()) next.push_back(e.to);
    if (next.empty()) return n;
    next = closed(std::move(next));
    if (next == now) return most;
    now = std::move(next);
    constexpr size_t kWide = 64;  // states at once: a repetition of this form is no run worth following
    if (now.size() > kWide) return n + 1;
  }
  return most;
}

std::optional<Engine::Shape> Engine::shape(uint32_t state) const {
  if (program_.char_edges(state).size() != 1) return std::nullopt;
  Shape out{program_.char_edges(state)[0].label, {}, program_.accepts(state)};
  for (const Program::Edge& e : program_.edges(state)) {
    if (e.kind == Program::Edge::Kind::Rule) return std::nullopt;
    if (e.kind == Program::Edge::Kind::Empty) out.exits.push_back(e.to);
  }
  std::sort(out.exits.begin(), out.exits.end());
  return out;
}

// Whether so many states of the same shape follow: tokens that read fewer do not tell this one from the others.
bool Engine::in_long_chain(uint32_t state, const Shape& like, size_t states) const {
  for (size_t n = 0; n < states; ++n) {
    const uint32_t next = program_.char_edges(state)[0].to;
    if (next == state) return true;
    const auto then = shape(next);
    if (!then || *then != like) return false;
    state = next;
  }
  return true;
}

// Whether from here to the end of its chain a state reads characters of the set or goes where none of them is read:
// then a token of such characters alone is allowed up to the chain's length and no further.
bool Engine::only_counts(uint32_t state, uint32_t set) const {
  bool leads[256] = {};
  for (const auto& [first, last] : program_.sets()[set].ranges()) {
    if (last < 128) {
      std::fill(leads + first, leads + last + 1, true);
      continue;
    }
    if (first < 128) std::fill(leads + first, leads + 128, true);
    std::fill(leads + 0xC2, leads + 0xF5, true);
  }
  std::vector<uint32_t> checked;  // ways out that are known to read others
  const auto reads_others = [&](uint32_t exit) {
    std::vector<uint32_t> open{exit};
    for (size_t i = 0; i < open.size(); ++i) {
      if (program_.accepts(open[i]) && !program_.outermost(open[i])) return false;
      for (const Program::Edge& e : program_.edges(open[i])) {
        if (e.kind == Program::Edge::Kind::Rule) return false;
        if (e.kind == Program::Edge::Kind::Empty) {
          if (std::find(open.begin(), open.end(), e.to) == open.end()) open.push_back(e.to);
        } else {
          for (unsigned b = e.first; b <= e.last; ++b)
            if (leads[b]) return false;
        }
      }
      constexpr size_t kWide = 64;
      if (open.size() > kWide) return false;
    }
    return true;
  };
  for (size_t n = 0; n < program_.states(); ++n) {
    const auto edges = program_.char_edges(state);
    if (edges.size() > 1 || (edges.size() == 1 && edges[0].set != set)) return false;
    if (edges.empty()) return reads_others(state);  // the end of the chain
    if (program_.accepts(state) && !program_.outermost(state)) return false;
    for (const Program::Edge& e : program_.edges(state)) {
      if (e.kind == Program::Edge::Kind::Rule) return false;
      if (e.kind != Program::Edge::Kind::Empty || std::find(checked.begin(), checked.end(), e.to) != checked.end())
        continue;
      if (!reads_others(e.to)) return false;
      checked.push_back(e.to);
    }
    if (edges[0].to == state) return true;
    state = edges[0].to;
  }
  return false;
}

Engine::Walked Engine::walk(uint32_t state, const Slice* slice, bool shorts, bool longs, size_t whole_from) {
  const auto nodes = vocabulary_->nodes();
  Walked out;
  struct Step {
    uint32_t set;
    bool left;  // the rule was left here or before
  };
  // By depth. Nothing stands behind the outermost rule: there the stack is known.
  std::vector<Step> way{{intern({{{state, program_.outermost(state) ? kEnd : kOpen}}, false, false}), false}};
  const auto wanted = [&](int32_t id) {
    if (!slice) return true;
    const auto i = static_cast<size_t>(id);
    switch (slice->kinds[i]) {
      case Slice::Kind::Whole:
        return slice->lengths[i] >= whole_from;
      case Slice::Kind::Short:
        return shorts;
      default:
        return longs;
    }
  };
  size_t looked = 0;
  for (uint32_t n = 1; n < nodes.size();) {
    if (++looked % kLookUp == 0) Context::current().check();
    if (slice) {
      const auto& below = slice->below[n];
      if (!(shorts && below.has_short) && !(longs && below.has_long) && below.longest < whole_from) {
        n = nodes[n].end;
        continue;
      }
    }
    way.resize(nodes[n].depth, {});
    const uint32_t set = step(way.back().set, nodes[n].byte);
    if (set == kDead) {
      if (way.back().left) out.open.push_back(n);
      n = nodes[n].end;
      continue;
    }
    for (const int32_t id : vocabulary_->tokens_at(n))
      if (wanted(id)) out.ids.push_back(id);
    way.push_back({set, way.back().left || sets_[set].leaves});
    ++n;
  }
  if (out.ids.size() * kSparse > vocabulary_->size()) {
    out.bits.resize((vocabulary_->size() + 63) / 64);
    for (const int32_t id : out.ids) set_bit(out.bits, id);
    out.ids = {};
    ++dense_locals_;
  }
  return out;
}

const Engine::Local& Engine::local(uint32_t state) {
  if (const auto at = locals_.find(state); at != locals_.end()) return at->second;
  Local out;
  size_t run = 0;
  const auto edges = program_.char_edges(state);
  if (edges.size() == 1) {
    // One state is walked through as fast as its slice is found; a chain of them is not.
    static const CharSet json({{0x20, 0x21}, {0x23, 0x5B}, {0x5D, 0x10FFFF}});
    const CharSet& set = program_.sets()[edges[0].set];
    const bool chain = edges[0].to != state && !program_.char_edges(edges[0].to).empty();
    out.slice = vocabulary_->slice(set, chain || set == json);
  }
  if (out.slice) run = run_length(state, edges[0].set, std::max<size_t>(out.slice->longest, 1));
  if (!out.slice || run == 0) {
    out.slice = nullptr;
    out.own = walk(state, nullptr, true, true, 0);
    return locals_.emplace(state, std::move(out)).first->second;
  }
  const size_t last = out.slice->up_to.size() - 1;
  size_t whole_from = SIZE_MAX;  // shorter ones are allowed by the run
  if (run >= out.slice->longest) {
    out.run = last;
  } else {
    out.run = std::min(run, last - 1);
    if (out.run < run || !only_counts(state, edges[0].set)) whole_from = out.run + 1;
  }
  const auto form = shape(state);
  const bool shorts = form && in_long_chain(state, *form, out.slice->short_lead + 2);
  const bool longs = shorts && in_long_chain(state, *form, out.slice->long_lead + 2);
  if (shorts) {
    auto& shared = shared_[{*form, longs}];
    if (!shared) shared = std::make_shared<const Walked>(walk(state, out.slice.get(), true, longs, SIZE_MAX));
    out.shared = shared;
  }
  if (!longs || whole_from != SIZE_MAX) out.own = walk(state, out.slice.get(), !shorts, !longs, whole_from);
  return locals_.emplace(state, std::move(out)).first->second;
}

// Of a shared walk, whose states go the same ways: once for each stack.
const std::vector<uint64_t>& Engine::followed(const Walked& shared, const Item& item) {
  constexpr size_t kMost = 256;  // of a mask each
  if (const auto at = followed_.find({&shared, item.stack}); at != followed_.end()) return *at->second;
  auto bits = std::make_shared<std::vector<uint64_t>>((vocabulary_->size() + 63) / 64);
  follow(intern({{item}, false, false}), shared.open, *bits);
  if (followed_.size() >= kMost) followed_.clear();
  return *followed_.emplace(std::pair(&shared, item.stack), std::move(bits)).first->second;
}

// Allows the tokens at and below `nodes` that the set allows. Nodes ascend, and none lies below another.
void Engine::follow(uint32_t set, const std::vector<uint32_t>& open, std::vector<uint64_t>& bits) {
  const auto nodes = vocabulary_->nodes();
  std::vector<uint32_t> sets{set};  // by depth, along `way`
  std::string way;                  // bytes that were followed
  for (size_t i = 0; i < open.size();) {
    const auto& bytes = vocabulary_->bytes(vocabulary_->tokens_from(open[i])[0]);
    const size_t depth = nodes[open[i]].depth;
    size_t same = 0;
    while (same < way.size() && same < depth && way[same] == bytes[same]) ++same;
    way.resize(same);
    sets.resize(same + 1);
    bool dead = false;
    while (way.size() < depth && !dead) {
      const uint32_t next = step(sets.back(), static_cast<uint8_t>(bytes[way.size()]));
      dead = next == kDead;
      if (dead) break;
      way += bytes[way.size()];
      sets.push_back(next);
    }
    if (dead) {  // so is everything that begins with these bytes
      const std::string_view prefix = std::string_view(bytes).substr(0, way.size() + 1);
      ++i;
      while (i < open.size() &&
             std::string_view(vocabulary_->bytes(vocabulary_->tokens_from(open[i])[0])).starts_with(prefix))
        ++i;
      continue;
    }
    // The node itself and what lies below.
    const size_t base = way.size();
    for (uint32_t n = open[i]; n < nodes[open[i]].end;) {
      const size_t at = nodes[n].depth;
      if (at > base) {
        sets.resize(at);
        const uint32_t next = step(sets.back(), nodes[n].byte);
        if (next == kDead) {
          n = nodes[n].end;
          continue;
        }
        sets.push_back(next);
      }
      for (const int32_t id : vocabulary_->tokens_at(n)) set_bit(bits, id);
      ++n;
    }
    sets.resize(base + 1);
    ++i;
  }
}

std::shared_ptr<const std::vector<uint64_t>> Engine::mask(uint32_t set) {
  if (const auto at = masks_.find(set); at != masks_.end()) return at->second;
  auto bits = std::make_shared<std::vector<uint64_t>>((vocabulary_->size() + 63) / 64);
  const auto items = sets_[set].items;
  uint32_t before = kUnset;
  for (const Item& item : items) {
    const Local& l = local(item.state);
    if (l.shared && !l.shared->open.empty()) {
      const auto& more = followed(*l.shared, item);
      for (size_t i = 0; i < more.size(); ++i) (*bits)[i] |= more[i];
    }
    if (item.state == before) continue;  // the same state on another stack
    before = item.state;
    const auto allow = [&](const std::vector<uint64_t>& more) {
      for (size_t i = 0; i < more.size(); ++i) (*bits)[i] |= more[i];
    };
    if (l.slice) allow(l.slice->up_to[l.run]);
    for (const Walked* w : {l.shared.get(), &l.own}) {
      if (!w) continue;
      allow(w->bits);
      for (const int32_t id : w->ids) set_bit(*bits, id);
      if (w == &l.own) follow(set, w->open, *bits);
    }
  }
  if (masks_.size() >= kMostMasks) masks_.clear();
  masks_.emplace(set, bits);
  return bits;
}

uint64_t Engine::cost(uint32_t set) const {
  if (sets_[set].ends) return 0;
  uint64_t best = UINT64_MAX;
  for (const Item& item : sets_[set].items) best = std::min(best, program_.cost(item.state) + stacks_[item.stack].cost);
  return best;
}

Matcher::Matcher(std::shared_ptr<Engine> engine) : engine_(std::move(engine)) {}

// The set that holds now; the engine's lock is held.
uint32_t Matcher::now() {
  Engine& e = *engine_;
  e.work_ = 0;
  if (e.sets_.size() > kMostSets || e.stacks_.size() > kMostStacks || e.dense_locals_ > kMostDense ||
      e.locals_.size() > kMostLocals)
    e.reset();
  if (epoch_ == e.epoch_) return set_;
  set_ = e.first_;
  for (const char c : text_) set_ = e.step(set_, static_cast<uint8_t>(c));
  epoch_ = e.epoch_;
  return set_;
}

std::span<const uint64_t> Matcher::mask() {
  std::lock_guard lock(engine_->mutex_);
  const uint32_t set = now();
  mask_ = engine_->mask(set);
  return *mask_;
}

std::optional<uint32_t> Matcher::walk(uint32_t set, std::string_view bytes) {
  for (const char c : bytes)
    if ((set = engine_->step(set, static_cast<uint8_t>(c))) == Engine::kDead) return std::nullopt;
  return set;
}

bool Matcher::accept(int32_t token) { return accept(engine_->vocabulary().bytes(token)); }
bool Matcher::accept(std::string_view bytes) {
  std::lock_guard lock(engine_->mutex_);
  const auto to = walk(now(), bytes);
  if (!to) return false;
  set_ = *to;
  text_ += bytes;
  return true;
}

bool Matcher::may_end() {
  std::lock_guard lock(engine_->mutex_);
  return engine_->sets_[now()].ends;
}
bool Matcher::must_end() {
  std::lock_guard lock(engine_->mutex_);
  const auto& set = engine_->sets_[now()];
  return set.ends && set.items.empty();
}
uint64_t Matcher::bytes_to_end() {
  std::lock_guard lock(engine_->mutex_);
  return engine_->cost(now());
}
std::optional<uint64_t> Matcher::bytes_to_end(int32_t token) {
  std::lock_guard lock(engine_->mutex_);
  const auto to = walk(now(), engine_->vocabulary().bytes(token));
  if (!to) return std::nullopt;
  return engine_->cost(*to);
}

}  // namespace hanok::lm::grammar
