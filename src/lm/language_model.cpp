#include <algorithm>
#include <cmath>
#include <map>

#include "base/clock.h"
#include "base/memory.h"
#include "hanok/context.h"
#include "hanok/generate.h"
#include "lm/adapter.h"
#include "lm/arch/decoder.h"
#include "lm/chat_template.h"
#include "lm/grammar/guide.h"
#include "lm/model_files.h"
#include "lm/running_batch.h"
#include "lm/speculation.h"
#include "lm/writing.h"

namespace hanok {

using namespace lm;

namespace {

constexpr size_t kUsualContext = 8192;  // more costs memory that most conversations never use
constexpr size_t kPromptChunk = 256;    // tokens read at once: cancelling waits for one such step

nn::KvType kv_type(KvPrecision kv) {
  return kv == KvPrecision::Bf16 ? nn::KvType::Bf16 : kv == KvPrecision::Q8 ? nn::KvType::Q8 : nn::KvType::F16;
}

}  // namespace

double Perplexity::perplexity() const { return std::exp(nll); }

struct LanguageModel::Impl {
  ModelFiles files;
  std::unique_ptr<Decoder> decoder;
  nn::KvShape cache_shape;
  std::unique_ptr<RunningBatch> batch;
  std::optional<ChatTemplate> chat;
  std::string chat_source;
  grammar::Engines engines;
  grammar::TokenBytes token_bytes;
  std::map<std::string, Adapter, std::less<>> adapters;
  std::unique_ptr<Impl> draft;
  size_t context = 0, parameters = 0;

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
    cache_shape = shape;
    batch = std::make_unique<RunningBatch>(*decoder, std::make_shared<nn::KvPool>(shape, cache), cache / 2);
    make_template(options.chat_template);
    if (!options.draft.empty()) open_draft(options);
  }

  void open_draft(const LanguageModelOptions& options) {
    draft = std::make_unique<Impl>(options.draft, LanguageModelOptions{.context_tokens = context,
                                                                       .kv = options.kv,
                                                                       .exact = options.exact,
                                                                       .chat_template = {},
                                                                       .adapters = {},
                                                                       .draft = {}});
    const auto &own = files.tokenizer, &other = draft->files.tokenizer;
    const std::string what = "draft model " + draft->files.name + ": its tokens are not those of " + files.name;
    if (own.vocab_size() != other.vocab_size())
      throw Error(Code::Invalid, what + ": it has " + std::to_string(other.vocab_size()) + ", expected " +
                                     std::to_string(own.vocab_size()));
    for (size_t i = 0; i < own.vocab_size(); ++i)
      if (const auto id = static_cast<int32_t>(i); own.token(id) != other.token(id))
        throw Error(Code::Invalid, what + ": token " + std::to_string(i) + " is '" + other.token(id).value_or("") +
                                       "', expected '" + own.token(id).value_or("") + "'");
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

  /// Throws Invalid and Exhausted, with `which` prompt it is.
  void check(std::span<const int32_t> prompt, const std::string& which) const {
    if (prompt.empty()) throw Error(Code::Invalid, files.name + ": " + which + " is empty");
    if (prompt.size() >= context)
      throw Error(Code::Exhausted, files.name + ": " + which + " has " + std::to_string(prompt.size()) +
                                       " tokens, the context " + std::to_string(context) +
                                       "; shorten it or allow a longer context");
  }

  WritingModel writing() const {
    return {files.tokenizer, token_bytes, files.end_ids, context, decoder->plan().vocabulary};
  }
};

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
  m.check(prompt, "the prompt");
  const base::Stopwatch watch;
  Writing w(m.writing(), prompt, options, m.guide(options.constraint), &on_piece);
  RunningBatch::Sequence sequence(*m.batch, m.adapter(options.adapter));
  std::vector<float> scores(vocabulary());
  sequence.read(prompt, 1, scores.data());
  const double read = watch.seconds();
  w.take(scores);
  Speculation speculation(*m.batch, vocabulary());
  if (m.draft && options.speculate)
    speculation.use(
        std::make_unique<Draft>(*m.draft->batch, m.draft->decoder->plan().vocabulary, vocabulary(), m.draft->context));
  if (options.speculate)
    speculation.write(w, sequence);
  else
    for (; !w.done(); w.take(scores)) sequence.read(w.ids().last(1), 1, scores.data());
  Generated out = w.result();
  out.guessed = speculation.guessed();
  out.guessed_right = speculation.right();
  out.cached_tokens = sequence.cached();
  out.prompt_seconds = read;
  out.seconds = watch.seconds() - read;
  return out;
}

std::vector<Generated> LanguageModel::generate_all(std::span<const std::vector<int32_t>> prompts,
                                                   std::span<const GenerateOptions> options) const {
  Impl& m = *impl_;
  if (options.size() != prompts.size())
    throw Error(Code::Invalid, "generate_all: " + std::to_string(prompts.size()) + " prompts and " +
                                   std::to_string(options.size()) + " options");
  for (size_t i = 0; i < prompts.size(); ++i) m.check(prompts[i], "prompt " + std::to_string(i + 1));
  struct One {
    size_t index, pages;
    Writing writing;
    RunningBatch::Sequence sequence;
    std::vector<float> scores;
  };
  const base::Stopwatch watch;
  double read = 0;
  std::vector<Generated> out(prompts.size());
  std::vector<std::unique_ptr<One>> running;
  std::vector<RunningBatch::Read> reads;
  size_t next = 0, pages = 0;
  // As many at once as there is room for; whoever ends makes room for the next.
  const auto start = [&](size_t i) {
    const size_t before = pages, most = std::min(prompts[i].size() + options[i].max_tokens, m.context);
    if (!m.batch->fits(most, pages) && !running.empty()) return false;
    running.push_back(std::unique_ptr<One>(
        new One{i,
                pages - before,
                Writing(m.writing(), prompts[i], options[i], m.guide(options[i].constraint), nullptr),
                {*m.batch, m.adapter(options[i].adapter)},
                std::vector<float>(vocabulary())}));
    reads.push_back({&running.back()->sequence, prompts[i], 1, running.back()->scores.data()});
    return true;
  };
  const auto end = [&](One& one) {
    Generated& to = out[one.index] = one.writing.result();
    to.cached_tokens = one.sequence.cached();
    to.prompt_seconds = read;
    to.seconds = watch.seconds() - read;
    pages -= one.pages;
  };
  for (;;) {
    while (next < prompts.size() && start(next)) ++next;
    if (reads.empty()) return out;
    m.batch->read(reads);
    if (read == 0) read = watch.seconds();
    reads.clear();
    for (const auto& one : running) {
      one->writing.take(one->scores);
      if (one->writing.done())
        end(*one);
      else
        reads.push_back({&one->sequence, one->writing.ids().last(1), 1, one->scores.data()});
    }
    std::erase_if(running, [](const auto& one) { return one->writing.done(); });
  }
}

Matrix LanguageModel::logits(std::span<const int32_t> ids, size_t last, const std::string& adapter_name) const {
  const Adapter* adapter = impl_->adapter(adapter_name);
  if (last == 0 || last > ids.size()) last = ids.size();
  Matrix out{.rows = last, .dim = vocabulary(), .data = {}};
  out.data.resize(last * out.dim);
  nn::KvSequence cache(std::make_shared<nn::KvPool>(impl_->cache_shape, ids.size()));
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
  if (out.predicted == 0)
    throw Error(Code::Invalid, "perplexity: a text of " + std::to_string(ids.size()) +
                                   " tokens, of which none stands behind another; expected 2 or more");
  out.nll = sum / static_cast<double>(out.predicted);
  return out;
}

}  // namespace hanok
