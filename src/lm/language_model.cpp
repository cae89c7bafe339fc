#include <algorithm>
#include <cmath>
#include <deque>
#include <map>
#include <mutex>

#include "base/clock.h"
#include "base/memory.h"
#include "hanok/context.h"
#include "hanok/generate.h"
#include "lm/adapter.h"
#include "lm/arch/decoder.h"
#include "lm/chat_template.h"
#include "lm/grammar/guide.h"
#include "lm/logprobs.h"
#include "lm/model_files.h"
#include "lm/sampler.h"
#include "lm/text_stream.h"

namespace hanok {

using namespace lm;

namespace {

constexpr size_t kUsualContext = 8192;  // more costs memory that most conversations never use
constexpr size_t kPromptChunk = 256;    // tokens of a prompt read at once: cancelling waits for one such step
constexpr size_t kKeptPrompts = 4;      // finished conversations whose beginning may come again
constexpr size_t kLeastShared = 16;     // tokens in common below which reading anew costs nothing

nn::KvType kv_type(KvPrecision kv) {
  return kv == KvPrecision::Bf16 ? nn::KvType::Bf16 : kv == KvPrecision::Q8 ? nn::KvType::Q8 : nn::KvType::F16;
}

size_t common(std::span<const int32_t> a, std::span<const int32_t> b) {
  const size_t n = std::min(a.size(), b.size());
  return static_cast<size_t>(std::mismatch(a.begin(), a.begin() + static_cast<ptrdiff_t>(n), b.begin()).first -
                             a.begin());
}

}  // namespace

double Perplexity::perplexity() const { return std::exp(nll); }

struct LanguageModel::Impl {
  ModelFiles files;
  std::unique_ptr<Decoder> decoder;
  std::shared_ptr<nn::KvPool> pool;
  std::optional<ChatTemplate> chat;
  std::string chat_source;
  grammar::Engines engines;
  grammar::TokenBytes token_bytes;
  std::map<std::string, Adapter, std::less<>> adapters;
  size_t context = 0, parameters = 0;

  // Sequences that have ended, for prompts that begin in the same way. Each holds pages of the pool.
  struct Kept {
    const Adapter* adapter;  // by which it was read
    std::vector<int32_t> ids;
    nn::KvSequence cache;
  };
  std::mutex mutex;  // of kept
  std::deque<Kept> kept;

  Impl(const std::filesystem::path& path, const LanguageModelOptions& options)
      : files(read_model_files(path)), token_bytes(files.tokenizer) {
    DecoderPlan plan = plan_of(files.config, files.weights);
    context = options.context_tokens ? std::min(options.context_tokens, plan.positions)
                                     : std::min(plan.positions, kUsualContext);
    if (context == 0) files.config.fail("max_position_embeddings", "a number above zero");
    for (const auto& [name, tensor] : files.weights.tensors()) parameters += tensor.count();
    const nn::KvType type = options.exact ? nn::KvType::F32 : kv_type(options.kv);
    const size_t cache = std::max(options.cache_tokens ? options.cache_tokens : 2 * context, context);
    const nn::KvShape shape{plan.layers, plan.kv_heads, plan.head_dim, type};
    predict_memory(plan, shape.bytes_per_token() * context, options.exact);
    decoder = std::make_unique<Decoder>(std::move(plan), files.weights, files.config.what(),
                                        options.exact ? nn::Precision::Exact : nn::Precision::Fast);
    for (const auto& [name, folder] : options.adapters) {
      if (name.empty() || adapters.contains(name))
        throw Error(Code::Invalid, "adapter " + folder.string() + ": needs a name of its own, found '" + name + "'");
      adapters.emplace(name, Adapter::load(folder, decoder->plan()));
    }
    // What was packed is not read from the file again; a tied embedding's rows come back as they are looked up.
    files.weights.let_go();
    pool = std::make_shared<nn::KvPool>(shape, cache);
    make_template(options.chat_template);
  }

  // Matrices are packed in memory when the model is opened; an embedding that is looked up only stays in the file.
  void predict_memory(const DecoderPlan& plan, uint64_t cache, bool exact) const {
    uint64_t need = cache;
    for (const auto& [name, tensor] : files.weights.tensors())
      if (plan.tied || name.find("embed_tokens") == std::string::npos) need += nn::linear_bytes(tensor, exact);
    const auto free = base::available_memory();
    if (free && need > *free)
      throw Error(Code::Exhausted, files.config.what() + ": needs " + base::memory_text(need) + " of memory, " +
                                       base::memory_text(*free) + " are free; take a smaller model");
  }

  void make_template(std::string source) {
    if (source.empty()) source = files.chat_template;
    if (source.empty())
      source = usual_template([&](std::string_view t) { return files.tokenizer.token_id(t).has_value(); }).value_or("");
    const auto text = [&](std::optional<int32_t> id) { return id ? files.tokenizer.token(*id).value_or("") : ""; };
    chat_source = source;
    if (!source.empty()) chat.emplace(std::move(source), files.name, text(files.bos), text(files.eos));
  }

  TextStream::Decode text_of(const GenerateOptions& options) const {
    return [this, skip = !options.keep_special](std::span<const int32_t> ids) {
      return files.tokenizer.decode(ids, skip);
    };
  }

  const Adapter* adapter(const std::string& name) const {
    if (name.empty()) return nullptr;
    const auto at = adapters.find(name);
    if (at != adapters.end()) return &at->second;
    std::string known;
    for (const auto& [of, adapter] : adapters) known += (known.empty() ? "" : ", ") + of;
    throw Error(Code::NotFound, files.name + ": has no adapter '" + name + "'" +
                                    (known.empty() ? "; none was loaded" : "; there are " + known));
  }

  std::optional<grammar::Guide> guide(const Constraint& constraint) {
    const auto engine = engines.get(constraint, files.tokenizer, decoder->plan().vocabulary);
    if (!engine) return std::nullopt;
    return grammar::Guide(engine, files.end_ids);
  }

  bool ends(int32_t id) const { return std::binary_search(files.end_ids.begin(), files.end_ids.end(), id); }

  // A sequence that begins with what an earlier one had read of `ids`; at least the last id is left to read.
  nn::KvSequence begin(std::span<const int32_t> ids, const Adapter* adapter, size_t& cached) {
    std::lock_guard lock(mutex);
    cached = 0;
    const Kept* best = nullptr;
    for (const Kept& k : kept) {
      if (k.adapter != adapter) continue;
      const size_t n = std::min(common(k.ids, ids), ids.size() - 1);
      if (n > cached && n >= kLeastShared && !decoder->must_reread(n, ids.size() - n)) best = &k, cached = n;
    }
    return best ? best->cache.fork(cached) : nn::KvSequence(pool);
  }

  void keep(std::vector<int32_t> ids, const Adapter* adapter, nn::KvSequence cache) {
    std::lock_guard lock(mutex);
    ids.resize(cache.length());
    std::erase_if(kept, [&](const Kept& k) { return k.adapter == adapter && common(k.ids, ids) == k.ids.size(); });
    kept.push_front({adapter, std::move(ids), std::move(cache)});
    if (kept.size() > kKeptPrompts) kept.pop_back();
  }

  void forget() {
    std::lock_guard lock(mutex);
    kept.clear();
  }
};

namespace {

/// One text being written.
struct Writing {
  std::vector<int32_t> ids;  // the prompt and what was generated
  size_t prompt = 0;
  const GenerateOptions* options = nullptr;
  const std::function<bool(std::string_view)>* on_piece = nullptr;
  nn::KvSequence cache;
  Sampler sampler;
  TextStream text;
  std::optional<grammar::Guide> guide;
  Generated out;
  bool done = false;

  /// The next token; nothing where the text is complete.
  std::optional<int32_t> choose(std::span<const float> logits, size_t context) {
    if (!guide) return sampler.next(logits, ids);
    const size_t left = std::min(options->max_tokens - out.ids.size(), context - ids.size());
    return guide->next(sampler, logits, ids, left);
  }
  void tell_logprob(std::span<const float> logits, int32_t id, const text::Tokenizer& tokenizer,
                    const grammar::TokenBytes& bytes) {
    if (!options->top_logprobs) return;
    out.logprobs.push_back(token_logprob(logits, id, *options->top_logprobs, tokenizer, bytes));
    if (options->on_logprob) options->on_logprob(out.logprobs.back());
  }
  void give(const std::string& piece) {
    out.text += piece;
    if (piece.empty() || !on_piece || !*on_piece || (*on_piece)(piece)) return;
    out.finish = Finish::Cancelled;
    done = true;
  }
  /// Out of room: a text that is complete has come to its end.
  void end_for_room(Finish finish) { end(guide && guide->complete() ? Finish::Stop : finish); }
  void end(Finish finish) {
    give(text.finish());
    if (!done) out.finish = finish;
    done = true;
  }
};

}  // namespace

LanguageModel::LanguageModel(const std::filesystem::path& path, const LanguageModelOptions& options)
    : impl_(std::make_unique<Impl>(path, options)) {}
LanguageModel::~LanguageModel() = default;
LanguageModel::LanguageModel(LanguageModel&&) noexcept = default;
LanguageModel& LanguageModel::operator=(LanguageModel&&) noexcept = default;

const std::string& LanguageModel::name() const { return impl_->files.name; }
const std::string& LanguageModel::architecture() const {
  return impl_->files.config.json().at("model_type").get_ref<const std::string&>();
}
size_t LanguageModel::context_tokens() const { return impl_->context; }
size_t LanguageModel::vocabulary() const { return impl_->decoder->plan().vocabulary; }
size_t LanguageModel::parameters() const { return impl_->parameters; }

std::vector<int32_t> LanguageModel::encode(std::string_view text, bool special) const {
  return impl_->files.tokenizer.encode(text, {.add_special_tokens = special}).ids;
}
std::string LanguageModel::decode(std::span<const int32_t> ids, bool skip_special) const {
  return impl_->files.tokenizer.decode(ids, skip_special);
}
size_t LanguageModel::count_tokens(std::string_view text) const { return impl_->files.tokenizer.count(text); }
std::string LanguageModel::token(int32_t id) const { return impl_->files.tokenizer.token(id).value_or(""); }

bool LanguageModel::has_chat_template() const { return impl_->chat.has_value(); }
const std::string& LanguageModel::chat_template() const { return impl_->chat_source; }

std::string LanguageModel::chat_text(std::span<const Turn> turns, std::string_view tools) const {
  if (!impl_->chat)
    throw Error(Code::Unsupported, name() + ": brings no chat template, so it does not answer chats; continue a text " +
                                       "with it, or name a template");
  base::OrderedJson messages = base::OrderedJson::array(), functions = nullptr;
  for (const Turn& t : turns) messages.push_back(chat_message(t));
  if (!tools.empty()) functions = ordered_json(tools, "tools");
  return impl_->chat->render(messages, functions);
}

std::vector<int32_t> LanguageModel::chat_prompt(std::span<const Turn> turns, std::string_view tools,
                                                std::string_view begun) const {
  const std::string text = chat_text(turns, tools) + std::string(begun);
  // A template that writes the begin-of-text token itself is not given a second one.
  auto ids = encode(text, true);
  const auto bos = impl_->files.bos;
  if (bos && ids.size() > 1 && ids[0] == *bos && ids[1] == *bos) ids.erase(ids.begin());
  return ids;
}

Generated LanguageModel::generate(std::span<const int32_t> prompt, const GenerateOptions& options,
                                  const std::function<bool(std::string_view)>& on_piece) const {
  Impl& m = *impl_;
  if (prompt.empty()) throw Error(Code::Invalid, name() + ": the prompt is empty");
  if (prompt.size() >= m.context)
    throw Error(Code::Exhausted, name() + ": the prompt has " + std::to_string(prompt.size()) +
                                     " tokens, the context " + std::to_string(m.context) +
                                     "; shorten it or allow a longer context");
  base::Stopwatch watch;
  const Adapter* adapter = m.adapter(options.adapter);
  size_t cached = 0;
  nn::KvSequence cache = m.begin(prompt, adapter, cached);
  Writing w{.ids = {prompt.begin(), prompt.end()},
            .prompt = prompt.size(),
            .options = &options,
            .on_piece = &on_piece,
            .cache = std::move(cache),
            .sampler = Sampler(options.sampling),
            .text = TextStream(m.text_of(options), options.stop, prompt),
            .guide = m.guide(options.constraint),
            .out = {}};
  w.out.prompt_tokens = prompt.size();
  w.out.cached_tokens = cached;
  DecodeMemory memory;
  std::vector<float> row(vocabulary());
  const auto read = [&](std::span<const int32_t> ids) {  // the last of them gives the scores
    for (size_t i = 0; i < ids.size(); i += kPromptChunk) {
      Context::current().check();
      const size_t n = std::min(kPromptChunk, ids.size() - i);
      const DecodeStep step{&w.cache, ids.subspan(i, n), i + n == ids.size() ? size_t{1} : size_t{0}, adapter};
      try {
        m.decoder->run({&step, 1}, memory, row.data());
      } catch (const Error& e) {
        if (e.code() != Code::Exhausted) throw;
        m.forget();  // what is kept for later gives way to what is asked now
        m.decoder->run({&step, 1}, memory, row.data());
      }
    }
  };
  read(std::span(w.ids).subspan(cached));
  w.out.prompt_seconds = watch.seconds();
  while (!w.done) {
    if (w.out.ids.size() == options.max_tokens) {
      w.end_for_room(Finish::Length);
      break;
    }
    const auto id = w.choose(row, m.context);
    if (!id || (m.ends(*id) && (w.guide || !w.options->ignore_end))) {
      w.end(Finish::Stop);
      break;
    }
    w.tell_logprob(row, *id, m.files.tokenizer, m.token_bytes);
    w.out.ids.push_back(*id);
    w.ids.push_back(*id);
    w.give(w.text.add(*id));
    if (w.text.stopped()) w.done = true, w.out.finish = Finish::Stop;
    if (w.done) break;
    if (w.ids.size() == m.context) {
      w.end_for_room(Finish::Context);
      break;
    }
    if (w.out.ids.size() == options.max_tokens) continue;
    if (m.decoder->must_reread(w.cache.length(), 1)) {
      w.cache.truncate(0);
      read(w.ids);
    } else {
      read(std::span(w.ids).last(1));
    }
  }
  w.out.seconds = watch.seconds() - w.out.prompt_seconds;
  m.keep(std::move(w.ids), adapter, std::move(w.cache));
  return std::move(w.out);
}

std::vector<Generated> LanguageModel::generate_all(std::span<const std::vector<int32_t>> prompts,
                                                   std::span<const GenerateOptions> options) const {
  Impl& m = *impl_;
  if (options.size() != prompts.size())
    throw Error(Code::Invalid, "generate_all: " + std::to_string(prompts.size()) + " prompts and " +
                                   std::to_string(options.size()) + " options");
  base::Stopwatch watch;
  std::vector<Writing> all;
  DecodeMemory memory;
  const size_t v = vocabulary();
  std::vector<float> rows(prompts.size() * v);
  for (size_t i = 0; i < prompts.size(); ++i) {
    if (prompts[i].empty() || prompts[i].size() >= m.context)
      throw Error(prompts[i].empty() ? Code::Invalid : Code::Exhausted,
                  name() + ": prompt " + std::to_string(i + 1) + " has " + std::to_string(prompts[i].size()) +
                      " tokens, expected 1 to " + std::to_string(m.context - 1));
    size_t cached = 0;
    const Adapter* adapter = m.adapter(options[i].adapter);
    nn::KvSequence cache = m.begin(prompts[i], adapter, cached);
    all.push_back({.ids = prompts[i],
                   .prompt = prompts[i].size(),
                   .options = &options[i],
                   .cache = std::move(cache),
                   .sampler = Sampler(options[i].sampling),
                   .text = TextStream(m.text_of(options[i]), options[i].stop, prompts[i]),
                   .guide = m.guide(options[i].constraint),
                   .out = {}});
    all[i].out.prompt_tokens = prompts[i].size();
    all[i].out.cached_tokens = cached;
    for (size_t at = cached; at < prompts[i].size(); at += kPromptChunk) {
      Context::current().check();
      const size_t n = std::min(kPromptChunk, prompts[i].size() - at);
      const DecodeStep step{&all[i].cache, std::span(prompts[i]).subspan(at, n),
                            at + n == prompts[i].size() ? size_t{1} : size_t{0}, adapter};
      m.decoder->run({&step, 1}, memory, rows.data() + i * v);
    }
  }
  const double read = watch.seconds();
  std::vector<DecodeStep> steps;
  std::vector<size_t> of;  // the text of each step
  for (size_t i = 0; i < all.size(); ++i) of.push_back(i);
  while (!of.empty()) {
    Context::current().check();
    steps.clear();
    std::vector<size_t> next;
    for (size_t r = 0; r < of.size(); ++r) {
      Writing& w = all[of[r]];
      if (w.out.ids.size() == w.options->max_tokens) {
        w.end_for_room(Finish::Length);
        continue;
      }
      const auto id = w.choose(std::span(rows).subspan(r * v, v), m.context);
      if (!id || (m.ends(*id) && (w.guide || !w.options->ignore_end))) {
        w.end(Finish::Stop);
        continue;
      }
      w.tell_logprob(std::span(rows).subspan(r * v, v), *id, m.files.tokenizer, m.token_bytes);
      w.out.ids.push_back(*id);
      w.ids.push_back(*id);
      w.give(w.text.add(*id));
      if (w.text.stopped()) continue;
      if (w.ids.size() == m.context) {
        w.end_for_room(Finish::Context);
        continue;
      }
      const bool again = m.decoder->must_reread(w.cache.length(), 1);
      if (again) w.cache.truncate(0);
      steps.push_back({&w.cache, again ? std::span<const int32_t>(w.ids) : std::span<const int32_t>(w.ids).last(1), 1,
                       m.adapter(w.options->adapter)});
      next.push_back(of[r]);
    }
    of = std::move(next);
    if (!steps.empty()) m.decoder->run(steps, memory, rows.data());
  }
  std::vector<Generated> out;
  for (auto& w : all) {
    w.out.prompt_seconds = read;
    w.out.seconds = watch.seconds() - read;
    out.push_back(std::move(w.out));
  }
  return out;
}

Matrix LanguageModel::logits(std::span<const int32_t> ids, size_t last, const std::string& adapter_name) const {
  const Adapter* adapter = impl_->adapter(adapter_name);
  if (last == 0 || last > ids.size()) last = ids.size();
  Matrix out{.rows = last, .dim = vocabulary(), .data = {}};
  out.data.resize(last * out.dim);
  nn::KvSequence cache(std::make_shared<nn::KvPool>(impl_->pool->shape(), ids.size()));
  DecodeMemory memory;
  size_t done = 0;
  for (size_t i = 0; i < ids.size(); i += kPromptChunk) {
    Context::current().check();
    const size_t n = std::min(kPromptChunk, ids.size() - i);
    const size_t wanted = i + n > ids.size() - last ? std::min(n, i + n - (ids.size() - last)) : 0;
    const DecodeStep step{&cache, ids.subspan(i, n), wanted, adapter};
    if (impl_->decoder->must_reread(cache.length(), n)) {  // all at once, so that every token is turned in one way
      cache.truncate(0);
      const DecodeStep whole{&cache, ids, last, adapter};
      impl_->decoder->run({&whole, 1}, memory, out.data.data());
      return out;
    }
    impl_->decoder->run({&step, 1}, memory, out.data.data() + done * out.dim);
    done += wanted;
  }
  return out;
}

Perplexity LanguageModel::perplexity(std::span<const int32_t> ids, size_t context) const {
  if (context < 2 || context > impl_->decoder->plan().positions)
    throw Error(Code::Invalid, "perplexity: a context of " + std::to_string(context) + " tokens, expected 2 to " +
                                   std::to_string(impl_->decoder->plan().positions));
  const auto with = impl_->files.tokenizer.encode("").ids;  // what the model puts before a text
  const std::optional<int32_t> bos =
      !with.empty() && impl_->files.bos && with[0] == *impl_->files.bos ? impl_->files.bos : std::nullopt;
  const size_t step = context - (bos ? 1 : 0);
  Perplexity out;
  double sum = 0;
  for (size_t i = 0; i < ids.size(); i += step) {
    std::vector<int32_t> chunk;
    if (bos) chunk.push_back(*bos);
    const size_t n = std::min(step, ids.size() - i);
    chunk.insert(chunk.end(), ids.begin() + static_cast<ptrdiff_t>(i), ids.begin() + static_cast<ptrdiff_t>(i + n));
    if (chunk.size() < 2) continue;
    const Matrix scores = logits(chunk);
    for (size_t t = 0; t + 1 < chunk.size(); ++t) {
      const auto row = scores.row(t);
      const float most = *std::max_element(row.begin(), row.end());
      double total = 0;
      for (const float x : row) total += std::exp(static_cast<double>(x) - most);
      sum += std::log(total) + most - row[static_cast<size_t>(chunk[t + 1])];
      ++out.predicted;
    }
  }
  out.nll = out.predicted ? sum / static_cast<double>(out.predicted) : 0;
  return out;
}

}  // namespace hanok
