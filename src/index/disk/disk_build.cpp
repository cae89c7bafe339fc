#include "index/disk/disk_build.h"

#include <algorithm>
#include <numeric>

#include "base/random.h"
#include "base/threads.h"
#include "hanok/context.h"
#include "index/flat/row_store.h"
#include "index/graph/row_codec.h"

namespace hanok::index {
namespace {

constexpr size_t kBlockNumbers = 4 << 20;  // of rows at once: 16 MB
constexpr uint64_t kMostNodes = uint64_t{1} << 31;

size_t block_rows(size_t dim) { return std::max<size_t>(1, kBlockNumbers / dim); }

// Evenly over the rows, so that sorted input is covered, then shuffled: the last are held out by who learns.
std::vector<float> sample_of(const VectorSource& source, size_t dim, uint64_t seed, const CheckRows& check) {
  constexpr size_t kRows = 16384, kNumbers = 32 << 20;
  const size_t n = source.rows, take = std::min({n, kRows, std::max<size_t>(kNumbers / dim, 512)});
  base::Random random(seed);
  std::vector<float> out(take * dim);
  for (size_t i = 0; i < take; ++i) {
    base::check_interrupt();
    const size_t begin = i * n / take, end = (i + 1) * n / take;
    const size_t row = begin + random.below(end - begin);
    source.read(row, 1, &out[i * dim]);
    check(std::span(out).subspan(i * dim, dim), row);
  }
  for (size_t i = take; i > 1; --i) {
    const size_t j = random.below(i);
    if (j != i - 1) std::swap_ranges(&out[(i - 1) * dim], &out[(i - 1) * dim] + dim, &out[j * dim]);
  }
  return out;
}

class Making {
 public:
  Making(const Options& options, const DiskKeys& keys, const VectorSource& source, const DiskBefore* before)
      : options_(options), keys_(keys), source_(source), before_(before), n_(source.rows) {}

  void find_order();
  void learn(const CheckRows& check);
  void read_rows(const CheckRows& check);
  void link();
  void write(const std::filesystem::path& path, const DiskDefaults& defaults);

 private:
  size_t dim() const { return options_.dim; }
  bool has_graph() const { return n_ >= keys_.exact_below; }
  Id id(size_t row) const { return source_.id ? source_.id(row) : static_cast<Id>(row); }
  BuildPlan plan() const;
  void take_over_links();
  void put_nodes(size_t first, size_t count, std::span<const float> rows, std::vector<uint8_t>& out);

  const Options& options_;
  const DiskKeys& keys_;
  const VectorSource& source_;
  const DiskBefore* before_;
  size_t n_;
  Graph graph_;
  ShortCodes codes_;
  std::vector<uint8_t> records_;  // of codes_
  std::vector<uint32_t> order_;   // rows by id; empty where ids rise with the rows
  Storage storage_ = Storage::F32;
  std::optional<RowCodec> codec_;
  NodeLayout layout_;
};

// Rows by id, for who asks for an id; ids that rise with the rows need no list. First of all, for ids that come twice
// are refused.
void Making::find_order() {
  bool rising = true;
  for (size_t row = 1; row < n_ && rising; ++row) rising = id(row - 1) < id(row);
  if (rising) return;
  std::vector<Id> ids(n_);
  for (size_t row = 0; row < n_; ++row) ids[row] = id(row);
  order_.resize(n_);
  std::iota(order_.begin(), order_.end(), 0u);
  std::sort(order_.begin(), order_.end(),
            [&](uint32_t a, uint32_t b) { return ids[a] != ids[b] ? ids[a] < ids[b] : a < b; });
  const auto removed = [&](uint32_t row) { return before_ && row < before_->dead.size() && before_->dead[row] != 0; };
  for (size_t i = 1; i < n_; ++i)
    if (ids[order_[i]] == ids[order_[i - 1]] && !removed(order_[i]) && !removed(order_[i - 1]))
      throw Error(Code::Invalid, "index 'disk': id " + std::to_string(ids[order_[i]]) + " comes twice");
}

// What rows teach: directions for the codes of linking, and groups for those of searching.
void Making::learn(const CheckRows& check) {
  if (!has_graph()) return;
  if (before_) {
    codes_ = *before_->codes;
    graph_.projection = Projection::load(*before_->file, dim(), options_.metric);
    graph_.local_dimension = before_->local_dimension;
    return;
  }
  const auto sample = sample_of(source_, dim(), options_.seed, check);
  codes_ = ShortCodes::learn(sample, dim(), options_.metric, keys_.code_bytes, options_.seed, options_.threads);
  constexpr size_t kLinkingSample = 4096;  // directions settle with some thousand rows
  const size_t rows = std::min(sample.size() / dim(), kLinkingSample);
  graph_.projection = Projection::train(std::span(sample).first(rows * dim()),
                                        {.dim = dim(),
                                         .metric = options_.metric,
                                         .seed = options_.seed,
                                         .threads = options_.threads,
                                         .rows = n_,
                                         .row = [&](size_t i, float* out) { source_.read(i, 1, out); }});
  graph_.local_dimension = graph_.projection.local_dimension();
}

void Making::read_rows(const CheckRows& check) {
  const size_t bytes = has_graph() ? graph_.projection.record_bytes() : 0, most = block_rows(dim());
  graph_.records = Buffer<uint8_t>().grown(n_ * bytes, 0);
  bool whole_bytes = true;
  std::vector<float> rows(std::min(n_, most) * dim());
  for (size_t at = 0; at < n_; at += most) {
    base::check_interrupt();
    const size_t count = std::min(most, n_ - at);
    source_.read(at, count, rows.data());
    const auto block = std::span<const float>(rows).first(count * dim());
    check(block, at);
    whole_bytes = whole_bytes && all_bytes(block);
    base::parallel_for(
        bytes ? count : 0, 64,
        [&](size_t begin, size_t end, size_t) {
          EncodeMemory memory;
          for (size_t i = begin; i < end; ++i)
            graph_.projection.encode(&rows[i * dim()], graph_.records.writable() + (at + i) * bytes, memory);
        },
        options_.threads);
    Context::current().tell({at + count, n_, "reading vectors"});
  }
  storage_ = keys_.storage.value_or(whole_bytes ? Storage::U8 : Storage::F32);
}

BuildPlan Making::plan() const {
  return {.degree = before_ ? before_->nodes->layout().degree : keys_.degree,
          .ef = keys_.ef_construction,
          .alpha = keys_.alpha,
          .seed = options_.seed,
          .threads = options_.threads,
          .raise = options_.metric != Metric::InnerProduct};
}

// The rows of links that the earlier file has; a damaged one is refused, for linking trusts them.
void Making::take_over_links() {
  const size_t known = before_->nodes->size();
  graph_.degree = before_->nodes->layout().degree;
  graph_.rows = Buffer<uint32_t>().grown(n_ * graph_.degree, 0);
  std::fill_n(graph_.rows.writable(), n_ * graph_.degree, kNoNode);
  for (uint32_t node = 0; node < known; ++node) {
    const auto links = before_->nodes->links(node);
    for (const uint32_t link : links)
      if (link >= known)
        before_->file->corrupt("node " + std::to_string(node) + " has a neighbour " + std::to_string(link) +
                               ", there are " + std::to_string(known));
    std::copy(links.begin(), links.end(), graph_.rows.writable() + node * graph_.degree);
  }
  graph_.size = known;
  graph_.enter_at({before_->entries.begin(), before_->entries.end()});
}

void Making::link() {
  if (!has_graph()) return;
  graph_.size = n_;
  if (!before_) {
    build(graph_, plan());
  } else {
    take_over_links();
    const size_t from = graph_.size, most = std::clamp<size_t>(from / 50, 1, 4096);  // as Hnsw does
    for (size_t at = from; at < n_;) {
      base::check_interrupt();
      std::vector<uint32_t> batch(std::min(most, n_ - at));
      std::iota(batch.begin(), batch.end(), static_cast<uint32_t>(at));
      apply(graph_, hanok::index::link(graph_, batch, plan()));
      at += batch.size();
      graph_.size = at;
      Context::current().tell({at - from, n_ - from, "index"});
    }
    if (plan().raise) apply(graph_, raise_in_degree(graph_));
    apply(graph_, connect(graph_, plan().ef));
  }
  graph_.records = {};
}

void Making::put_nodes(size_t first, size_t count, std::span<const float> rows, std::vector<uint8_t>& out) {
  std::fill(out.begin(), out.end(), uint8_t{0});
  const uint64_t from = layout_.place(first);
  base::parallel_for(
      count, 32,
      [&](size_t begin, size_t end, size_t) {
        ShortCodes::Memory memory;
        for (size_t i = begin; i < end; ++i) {
          const auto node = static_cast<uint32_t>(first + i);
          const float* v = &rows[i * dim()];
          uint8_t* to = out.data() + (layout_.place(node) - from);
          codec_->encode(v, row_of(layout_, to));
          const float inverse = options_.metric == Metric::Cosine ? codec_->inverse_length(row_of(layout_, to)) : 1.0f;
          const std::span<const uint32_t> links =
              has_graph() ? std::span(graph_.row(node), graph_.row_length(node)) : std::span<const uint32_t>();
          put_node(id(node), inverse, links, to);
          if (has_graph()) codes_.encode(v, &records_[node * codes_.record_bytes()], memory);
        }
      },
      options_.threads);
}

void Making::write(const std::filesystem::path& path, const DiskDefaults& defaults) {
  codec_.emplace(dim(), options_.metric, storage_);
  layout_ = {has_graph() ? graph_.degree : 0, codec_->row_bytes()};
  records_.resize(has_graph() ? n_ * codes_.record_bytes() : 0);
  std::vector<uint8_t> dead(n_, 0);
  if (before_) std::copy(before_->dead.begin(), before_->dead.end(), dead.begin());
  const auto removed = static_cast<size_t>(std::count_if(dead.begin(), dead.end(), [](uint8_t d) { return d != 0; }));

  FileWriter out("disk");
  out.add_text("options", options_text(options_, {{"slots", std::to_string(n_)},
                                                  {"dead", std::to_string(removed)},
                                                  {"storage", std::string(storage_name(storage_))},
                                                  {"graph", has_graph() ? "1" : "0"},
                                                  {"degree", std::to_string(layout_.degree)},
                                                  {"code_bytes", std::to_string(codes_.record_bytes())},
                                                  {"local_dimension", std::to_string(graph_.local_dimension)},
                                                  {"ef", std::to_string(defaults.ef)}}));
  out.add_made("ids", n_ * sizeof(Id), [&](const FileWriter::Sink& sink) {
    constexpr size_t kAtOnce = 1 << 16;
    std::vector<Id> ids;
    for (size_t at = 0; at < n_; at += ids.size()) {
      ids.resize(std::min(kAtOnce, n_ - at));
      for (size_t i = 0; i < ids.size(); ++i) ids[i] = id(at + i);
      sink(std::as_bytes(std::span(ids)));
    }
  });
  if (!order_.empty()) out.add("order", std::as_bytes(std::span(order_)));
  out.add("dead", std::as_bytes(std::span(dead)));
  if (has_graph()) {
    codes_.save(out);
    out.add_text("projection", graph_.projection.save());
    out.add("entries", std::as_bytes(std::span(graph_.entries.nodes())));
  }
  out.add_made(
      "nodes", layout_.bytes(n_),
      [&](const FileWriter::Sink& sink) {
        // Whole pages at a time.
        const size_t each = layout_.nodes_a_page(), most = (block_rows(dim()) + each - 1) / each * each;
        std::vector<float> rows(std::min(n_, most) * dim());
        std::vector<uint8_t> pages;
        for (size_t at = 0; at < n_; at += most) {
          base::check_interrupt();
          const size_t count = std::min(most, n_ - at);
          source_.read(at, count, rows.data());
          pages.resize(layout_.bytes(count));
          put_nodes(at, count, rows, pages);
          sink(std::as_bytes(std::span(pages)));
          Context::current().tell({at + count, n_, "writing vectors"});
        }
      },
      NodeLayout::kPage);
  out.add_made("codes", records_.size(),
               [&](const FileWriter::Sink& sink) { sink(std::as_bytes(std::span(records_))); });
  out.write(path);
}

}  // namespace

DiskKeys::DiskKeys(const Options& options) {
  Keys keys("disk", options);
  degree = keys.integer("degree", 64, 4, 256);
  ef_construction = keys.integer("ef_construction", 128, 4, 65536);
  code_bytes =
      keys.integer("code_bytes", ShortCodes::usual_bytes(options.dim), ShortCodes::kLeastBytes, ShortCodes::kMostBytes);
  if (code_bytes % 4 != 0)
    throw Error(Code::Invalid, "index 'disk': code_bytes=" + std::to_string(code_bytes) + ", expected a multiple of 4");
  exact_below = keys.integer("exact_below", 1000, 2, kMostNodes);
  beam = keys.integer("beam", 16, 1, 64);
  alpha = static_cast<float>(keys.real("alpha", 1.2, 1, 4));
  storage = storage_from(keys.choice("storage", {"auto", "f32", "f16", "bf16", "sq8", "u8"}));
  keys.done();
}

void write_disk(const std::filesystem::path& path, const Options& options, const DiskKeys& keys,
                const DiskDefaults& defaults, const VectorSource& source, const DiskBefore* before,
                const CheckRows& check) {
  if (source.rows >= kMostNodes)
    throw Error(Code::Exhausted, "index 'disk': a file holds at most 2147483647 vectors; use several");
  Making making(options, keys, source, before);
  making.find_order();
  making.learn(check);
  making.read_rows(check);
  making.link();
  making.write(path, defaults);
}

}  // namespace hanok::index
