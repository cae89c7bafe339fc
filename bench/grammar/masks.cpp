// What constrained decoding costs a token.
//
//   masks MODEL.gguf
//
// For each grammar a text that satisfies it is followed in the model's longest tokens, and before each the mask of what
// may come is asked for. One line of JSON a grammar: {"grammar","vocabulary","states","tokens","compile_us",
// "cold":{"mean_us","p99_us","max_us"},"warm":{...}}; cold: the first text ever, with all that is found once; warm:
// another text of the same grammar, whose strings and numbers differ. Times are of mask() and accept() together.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "base/clock.h"
#include "lm/gguf_model.h"
#include "lm/grammar/guide.h"

namespace {

using namespace hanok;
using namespace hanok::lm;

struct Case {
  const char* name;
  Constraint constraint;
  std::string first, second;
};

std::vector<Case> cases() {
  const std::string person =
      R"({"type":"object","properties":{"name":{"type":"string"},"age":{"type":"integer","minimum":0,"maximum":150},"email":{"type":["string","null"]},"tags":{"type":"array","items":{"type":"string"}}},"required":["name","age"],"additionalProperties":false})";
  const std::string bounded =
      R"({"type":"object","properties":{"title":{"type":"string","minLength":4,"maxLength":120},"summary":{"type":"string","maxLength":400}},"required":["title","summary"],"additionalProperties":false})";
  const std::string gbnf =
      "root ::= object\nvalue ::= object | array | string | number | (\"true\" | \"false\" | \"null\") ws\n"
      "object ::= \"{\" ws ( string \":\" ws value (\",\" ws string \":\" ws value)* )? \"}\" ws\n"
      "array ::= \"[\" ws ( value (\",\" ws value)* )? \"]\" ws\n"
      "string ::= \"\\\"\" ( [^\"\\\\\\x7F\\x00-\\x1F] | \"\\\\\" ([\"\\\\bfnrt] | \"u\" [0-9a-fA-F]{4}) )* \"\\\"\" ws\n"
      "number ::= (\"-\"? ([0-9] | [1-9] [0-9]{0,15})) (\".\" [0-9]+)? ([eE] [-+]? [0-9] [1-9]{0,15})? ws\n"
      "ws ::= | \" \" | \"\\n\" [ \\t]{0,20}\n";
  const std::string a =
      R"({"name": "Kim Minji, a cartographer of the southern islands", "age": 41, "email": "minji@example.org", "tags": ["maps", "rivers and bridges", "제주도의 오름"]})";
  const std::string b =
      R"~({"name": "Lee Junho (he plays the haegeum at weddings)", "age": 7, "email": null, "tags": ["음악", "two strings, one bow", "quiet"]})~";
  const auto bounded_text = [](const char* title, const char* line) {
    std::string out = std::string(R"({"title": ")") + title + R"(", "summary": ")";
    while (out.size() < 380) out += line;
    return out + "\"}";
  };
  return {
      {"schema person", {.json_schema = person, .regex = {}, .grammar = {}}, a, b},
      {"schema any JSON", {.json_schema = "{}", .regex = {}, .grammar = {}}, a, b},
      {"schema bounded strings",
       {.json_schema = bounded, .regex = {}, .grammar = {}},
       bounded_text("A short history of the old town wall", "The gate was closed at dusk and opened at dawn. "),
       bounded_text("What the ferryman told the surveyors", "Nobody had crossed since the flood; the rope was new. ")},
      {"gbnf JSON", {.json_schema = {}, .regex = {}, .grammar = gbnf}, a, b},
      {"regex date and note",
       {.json_schema = {}, .regex = "\\d{4}-\\d{2}-\\d{2}: [a-z ,.]{1,200}", .grammar = {}},
       "2026-11-24: the survey of the north wall began at nine, in light rain, and ended before noon.",
       "2027-01-02: nothing was found below the second step, so the trench was filled again."}};
}

// The longest token that the text begins with.
int32_t longest(const grammar::Vocabulary& v, std::string_view text) {
  int32_t best = -1;
  const auto nodes = v.nodes();
  size_t depth = 0;
  for (uint32_t n = 1, end = nodes[0].end; n < end && depth < text.size();) {
    if (nodes[n].byte != static_cast<uint8_t>(text[depth])) {
      n = nodes[n].end;
      continue;
    }
    if (!v.tokens_at(n).empty()) best = v.tokens_at(n)[0];
    end = nodes[n].end;
    ++depth;
    ++n;
  }
  if (best < 0) std::abort();
  return best;
}

std::string follow(const std::shared_ptr<grammar::Engine>& engine, std::string_view text, size_t& tokens) {
  grammar::Matcher m(engine);
  std::vector<double> us;
  while (!text.empty()) {
    const int32_t id = longest(engine->vocabulary(), text);
    const base::Stopwatch watch;
    const auto mask = m.mask();
    const bool allowed = mask[static_cast<size_t>(id) / 64] >> (id % 64) & 1;
    if (!allowed || !m.accept(id)) {
      std::fprintf(stderr, "refused at: %s\n", std::string(text).c_str());
      std::exit(1);
    }
    us.push_back(watch.seconds() * 1e6);
    text.remove_prefix(engine->vocabulary().bytes(id).size());
  }
  tokens = us.size();
  double sum = 0;
  for (const double t : us) sum += t;
  std::sort(us.begin(), us.end());
  char out[120];
  std::snprintf(out, sizeof out, "{\"mean_us\":%.1f,\"p99_us\":%.1f,\"max_us\":%.1f}", sum / double(us.size()),
                us[us.size() * 99 / 100], us.back());
  return out;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return std::fprintf(stderr, "usage: masks MODEL.gguf\n"), 2;
  const auto gguf = nn::Gguf::open(argv[1]);
  const auto tokenizer = gguf_tokenizer(gguf);
  const auto vocabulary =
      std::make_shared<const grammar::Vocabulary>(grammar::Vocabulary::of(tokenizer, tokenizer.vocab_size()));
  {
    // Which tokens are plain text is found once a model.
    const base::Stopwatch watch;
    vocabulary->slice(grammar::CharSet({{0, 0x1F}, {'"', '"'}, {'\\', '\\'}}).negated());
    std::printf("{\"vocabulary\":%zu,\"once_a_model_us\":%.0f}\n", vocabulary->size(), watch.seconds() * 1e6);
  }
  for (const Case& c : cases()) {
    const base::Stopwatch watch;
    const auto engine = std::make_shared<grammar::Engine>(grammar::constraint_rules(c.constraint), vocabulary);
    const double compile = watch.seconds() * 1e6;
    size_t tokens = 0;
    const std::string cold = follow(engine, c.first, tokens), warm = follow(engine, c.second, tokens);
    std::printf(
        "{\"grammar\":\"%s\",\"vocabulary\":%zu,\"states\":%zu,\"tokens\":%zu,\"compile_us\":%.0f,\"cold\":%s,\"warm\":%s}\n",
        c.name, vocabulary->size(), engine->states(), tokens, compile, cold.c_str(), warm.c_str());
  }
}
