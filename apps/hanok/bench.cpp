// hanok bench: how fast this machine runs what it is asked to.
#include <algorithm>
#include <iostream>

#include "base/clock.h"
#include "base/memory.h"
#include "base/random.h"
#include "base/workers.h"
#include "hanok/error.h"
#include "language_models.h"
#include "lm/random_model.h"
#include "math/cpu.h"
#include "memory_speed.h"

namespace hanok::app {
namespace {

using base::OrderedJson;

struct Flags {
  std::string model, batch = "1", clients;
  std::vector<std::string> what;
  size_t prompt = 256, gen = 64, repeats = 3;
  bool write = false;
  KvFlag kv;
};

std::vector<size_t> batches_of(const char* flag, const std::string& text) {
  std::vector<size_t> out;
  for (size_t from = 0; from <= text.size();) {
    const size_t comma = std::min(text.find(',', from), text.size());
    const std::string one = text.substr(from, comma - from);
    constexpr size_t kMost = 1024;
    const bool digits = !one.empty() && one.size() < 5 && one.find_first_not_of("0123456789") == std::string::npos;
    if (!digits || std::stoul(one) < 1 || std::stoul(one) > kMost)
      throw Error(Code::Invalid, std::string("bench lm: ") + flag + " " + text + ": whole numbers from 1 to " +
                                     std::to_string(kMost) + ", separated by commas, were expected");
    out.push_back(std::stoul(one));
    from = comma + 1;
  }
  return out;
}

double median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + static_cast<ptrdiff_t>(values.size() / 2), values.end());
  return values[values.size() / 2];
}

/// Prompts that no earlier one began like, so that nothing of them has been read before.
class Measure {
 public:
  Measure(const LanguageModel& model, const Flags& flags) : model_(model), flags_(flags) {}

  struct Reading {
    double tokens_per_second, seconds, cached_seconds;
  };
  Reading reading() {
    std::vector<double> fresh, again;
    for (size_t i = 0; i < flags_.repeats + 1; ++i) {
      const auto ids = prompt(flags_.prompt);
      const double first = model_.generate(ids, options(1)).prompt_seconds;
      const double second = model_.generate(ids, options(1)).prompt_seconds;
      if (i > 0) fresh.push_back(first), again.push_back(second);  // the first time pages are still coming in
    }
    return {static_cast<double>(flags_.prompt) / median(fresh), median(fresh), median(again)};
  }

  /// Tokens a second of `batch` texts together, each from a prompt of one token.
  double writing(size_t batch) {
    std::vector<double> rates;
    for (size_t i = 0; i < flags_.repeats; ++i) {
      std::vector<std::vector<int32_t>> prompts;
      for (size_t b = 0; b < batch; ++b) prompts.push_back(prompt(1));
      const std::vector<GenerateOptions> all(batch, options(flags_.gen + 1));
      const auto out = model_.generate_all(prompts, all);
      rates.push_back(static_cast<double>(batch * flags_.gen) / out[0].seconds);  // the prompt gave the first of each
    }
    return median(rates);
  }

  /// Tokens a second of all together, where each of `clients` threads asks for a text of its own.
  double asking(size_t clients) {
    std::vector<double> rates;
    for (size_t i = 0; i < flags_.repeats; ++i) {
      std::vector<std::vector<int32_t>> prompts;
      for (size_t c = 0; c < clients; ++c) prompts.push_back(prompt(1));
      const base::Stopwatch watch;
      base::Workers workers(clients, clients);
      for (size_t c = 0; c < clients; ++c)
        workers.submit(std::to_string(c), [&, c] { model_.generate(prompts[c], options(flags_.gen)); });
      workers.stop();
      rates.push_back(static_cast<double>(clients * flags_.gen) / watch.seconds());
    }
    return median(rates);
  }

 private:
  std::vector<int32_t> prompt(size_t n) {
    std::vector<int32_t> ids(n);
    for (auto& id : ids) id = static_cast<int32_t>(random_.below(model_.vocabulary()));
    return ids;
  }
  static GenerateOptions options(size_t tokens) {
    GenerateOptions out{
        .max_tokens = tokens, .ignore_end = true, .speculate = false};  // random texts repeat themselves
    out.sampling.temperature = 0;
    return out;
  }

  const LanguageModel& model_;
  const Flags& flags_;
  base::Random random_{7};
};

void measure(Session& session, const Flags& flags) {
  const auto batches = batches_of("--batch", flags.batch);
  const auto clients = flags.clients.empty() ? std::vector<size_t>() : batches_of("--clients", flags.clients);
  const double read = memory_bandwidth();
  const base::Stopwatch watch;
  const size_t longest = std::max(flags.prompt, flags.gen + 1) + 1;
  size_t most = *std::max_element(batches.begin(), batches.end());
  for (const size_t n : clients) most = std::max(most, n);
  const auto model = open_language_model(session, flags.model,
                                         {.context_tokens = longest,
                                          .cache_tokens = (most + 5) * (longest + 32),  // and what is kept
                                          .kv = flags.kv.precision()});
  const double load = watch.seconds();
  Measure m(*model, flags);
  const auto reading = m.reading();
  OrderedJson decode = OrderedJson::object();
  for (const size_t batch : batches) decode[std::to_string(batch)] = m.writing(batch);
  OrderedJson asked = OrderedJson::object();
  for (const size_t n : clients) asked[std::to_string(n)] = m.asking(n);
  const auto memory = base::process_memory();
  session.print(
      {{"prefill_tokens_per_second", reading.tokens_per_second},
       {"decode", decode},
       {"clients", asked},
       {"rss_bytes", memory.resident},
       {"most_rss_bytes", memory.most},
       {"load_seconds", load},
       {"first_token_seconds", reading.seconds},
       {"first_token_cached_seconds", reading.cached_seconds},
       {"read_gb_per_second", read / 1e9},
       {"kernel", math::features_name(math::features())},
       {"model", model->name()}},
      [&](std::ostream& out) {
        char line[160];
        std::snprintf(line, sizeof line, "prefill of %zu tokens  %.0f tokens/s (again: %.1f ms)\n", flags.prompt,
                      reading.tokens_per_second, reading.cached_seconds * 1e3);
        out << line;
        for (const auto& [batch, rate] : decode.items()) {
          std::snprintf(line, sizeof line, "decode, batch of %-4s  %.1f tokens/s\n", batch.c_str(), rate.get<double>());
          out << line;
        }
        for (const auto& [n, rate] : asked.items()) {
          std::snprintf(line, sizeof line, "%-4s clients at once  %.1f tokens/s\n", n.c_str(), rate.get<double>());
          out << line;
        }
        std::snprintf(line, sizeof line, "memory %s, read at %.1f GB/s; loaded in %.2f s; %s\n",
                      human_bytes(static_cast<double>(memory.resident)).c_str(), read / 1e9, load,
                      math::features_name(math::features()).c_str());
        out << line;
      });
}

void run(Session& session, const Flags& flags) {
  if (!flags.write) {
    if (!flags.what.empty())
      throw Error(Code::Invalid, "bench lm: '" + flags.what[0] + "' is not expected; the model goes behind -m");
    return measure(session, flags);
  }
  if (flags.what.size() != 3) throw Error(Code::Invalid, "bench lm --write: SHAPE QUANT FILE were expected");
  lm::write_random_model(flags.what[0], flags.what[1], flags.what[2]);
  session.print({{"file", flags.what[2]}, {"bytes", base::fs::file_size(flags.what[2])}},
                [&](std::ostream& out) { out << flags.what[2] << "\n"; });
}

}  // namespace

void add_bench(Command& root) {
  auto flags = std::make_shared<Flags>();
  Command group = root.group("bench", "How fast this machine is.");
  Command c = group.subcommand(
      "lm", "Measure a language model: reading a prompt, writing alone and in batches, memory.",
      "  hanok bench lm -m model.gguf --prompt 256 --gen 64 --batch 1,8,16\n"
      "  hanok bench lm --write llama-3.2-1b Q4_K_M random.gguf\n\n"
      "Medians of the repeats. --write makes a model with random weights; shapes: llama-3.2-1b, llama-160m, llama-tiny; "
      "quants: Q4_K_M, Q4_0, Q6_K, Q8_0, BF16, F16.");
  c.positionals("SHAPE_QUANT_FILE", flags->what, "with --write: what to make, and where", false);
  c.option("-m,--model", flags->model, "a .gguf file, a folder, or ORG/NAME of the Hub's cache");
  c.option("--prompt", flags->prompt, "tokens of a prompt (default 256)", 1);
  c.option("--gen", flags->gen, "tokens that each text gets (default 64)", 1);
  c.option("--batch", flags->batch, "texts written at once; several with commas (default 1)");
  c.option("--clients", flags->clients, "threads that ask at once, each for a text; several with commas");
  c.option("--repeats", flags->repeats, "of each measurement (default 3)", 1);
  flags->kv.add_to(c);
  c.flag("--write", flags->write, "make a model with random weights instead");
  c.run([flags](Session& session) { run(session, *flags); });
}

}  // namespace hanok::app
