#include "answer_flags.h"

#include <cmath>

#include "base/json.h"
#include "hanok/error.h"

namespace hanok::app {
namespace {

struct Number {
  const char* name;
  double AnswerFlags::*value;
  double least, most;
  const char* help;
};
constexpr Number kNumbers[] = {
    {"temperature", &AnswerFlags::temperature, 0, 100, "0: always the likeliest token; higher is more varied"},
    {"top-p", &AnswerFlags::top_p, 0, 1, "among the likeliest that together have this share; 1: all"},
    {"min-p", &AnswerFlags::min_p, 0, 1, "among those at least this likely, as a share of the likeliest; 0: all"},
    {"typical", &AnswerFlags::typical, 0, 1, "among the most expected that together have this share; 1: all"},
    {"repeat-penalty", &AnswerFlags::repeat_penalty, 0.01, 100, "above 1: tokens of the last 64 come less often"},
    {"frequency-penalty", &AnswerFlags::frequency_penalty, -2, 2,
     "takes from a token for each time it came among the last 64"},
    {"presence-penalty", &AnswerFlags::presence_penalty, -2, 2,
     "takes from a token that came among the last 64 at all"},
    {"dry", &AnswerFlags::dry, 0, 100,
     "takes from a token that would lengthen a repetition (DRY), the more the longer; 0.8 is usual, 0: nothing"},
};

double number_of(const std::string& key, const std::string& value, double least, double most) {
  size_t used = 0;
  double out = least - 1;
  try {
    out = std::stod(value, &used);
  } catch (const std::exception&) {
  }
  if (used != value.size() || !(out >= least && out <= most))
    throw Error(Code::Invalid, key + ": a number from " + base::Json(least).dump() + " to " + base::Json(most).dump() +
                                   " was expected, found '" + value + "'");
  return out;
}

uint64_t count_of(const std::string& key, const std::string& value) {
  constexpr double kMost = 1e9;
  const double out = number_of(key, value, 0, kMost);
  if (out != std::floor(out)) throw Error(Code::Invalid, key + ": a whole number was expected, found '" + value + "'");
  return static_cast<uint64_t>(out);
}

std::pair<int32_t, float> bias_of(const std::string& text) {
  const size_t at = text.find('=');
  if (at == text.npos)
    throw Error(Code::Invalid,
                "logit-bias: ID=BIAS was expected, such as 42=-100 (`hanok tokenize` shows ids), found '" + text + "'");
  return {static_cast<int32_t>(count_of("logit-bias", text.substr(0, at))),
          static_cast<float>(number_of("logit-bias", text.substr(at + 1), -100, 100))};
}

}  // namespace

void AnswerFlags::add_to(Command& c) {
  c.option("-n,--max-tokens", max_tokens, "tokens of an answer at most", 1);
  c.option("--top-k", top_k, "draw among the k likeliest; 0: all");
  for (const Number& n : kNumbers) c.option(std::string("--") + n.name, this->*n.value, n.help, n.least, n.most);
  c.option("--logit-bias", logit_bias,
           "ID=BIAS adds to a token's score (-100: never), by the ids that tokenize shows; may be given several times");
  c.option("--seed", seed, "the same seed gives the same text");
  c.option("--stop", stop, "end before this text; may be given several times");
}

chain::ChatOptions AnswerFlags::options() const {
  const auto given = [](double value) {
    return value == kNotGiven ? std::nullopt : std::optional(static_cast<float>(value));
  };
  chain::ChatOptions out{.temperature = given(temperature),
                         .top_p = given(top_p),
                         .min_p = given(min_p),
                         .frequency_penalty = given(frequency_penalty),
                         .presence_penalty = given(presence_penalty),
                         .max_tokens = max_tokens,
                         .stop = stop};
  out.typical = given(typical);
  out.repeat_penalty = given(repeat_penalty);
  if (dry != kNotGiven) out.dry = Dry{.multiplier = static_cast<float>(dry), .breakers = {}};
  for (const std::string& text : logit_bias) out.logit_bias.push_back(bias_of(text));
  if (!top_k.empty()) out.top_k = static_cast<int>(count_of("top-k", top_k));
  if (!seed.empty()) out.seed = count_of("seed", seed);
  return out;
}

void AnswerFlags::set(const std::string& key, const std::string& value) {
  for (const Number& n : kNumbers)
    if (key == n.name) {
      this->*n.value = number_of(key, value, n.least, n.most);
      return;
    }
  if (key == "top-k") {
    top_k = std::to_string(count_of(key, value));
  } else if (key == "seed") {
    seed = std::to_string(count_of(key, value));
  } else if (key == "max-tokens") {
    max_tokens = std::max<uint64_t>(1, count_of(key, value));
  } else if (key == "stop") {
    stop = {value};
  } else if (key == "logit-bias") {
    bias_of(value);
    logit_bias.push_back(value);
  } else {
    std::string names;
    for (const Number& n : kNumbers) names += std::string(n.name) + ", ";
    throw Error(Code::Invalid, "there is no setting '" + key + "'; there are " + names +
                                   "logit-bias, top-k, seed, max-tokens, stop, overflow");
  }
}

std::string AnswerFlags::describe() const {
  constexpr size_t kColumn = 19;
  std::string out;
  const auto line = [&](std::string name, const std::string& value) {
    name.resize(kColumn, ' ');
    out += name + value + "\n";
  };
  const auto text = [](const std::string& value, const char* none) { return value.empty() ? none : value; };
  for (const Number& n : kNumbers)
    line(n.name, this->*n.value == kNotGiven ? "(the model's)" : base::Json(this->*n.value).dump());
  line("top-k", text(top_k, "(the model's)"));
  line("logit-bias", logit_bias.empty() ? "(none)" : base::Json(logit_bias).dump());
  line("seed", text(seed, "(another each time)"));
  line("max-tokens", std::to_string(max_tokens));
  line("stop", stop.empty() ? "(none)" : base::Json(stop).dump());
  return out;
}

}  // namespace hanok::app
