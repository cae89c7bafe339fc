#include "flags.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <numeric>
#include <string_view>

namespace hanok::app {
namespace {

constexpr size_t kMostCount = 1'000'000'000;

template <typename T>
bool parses(const std::string& text, T& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

std::string plain(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%g", value);
  return text;
}

// ---- names that do not exist

// Letters added, left out, changed, or two neighbours that changed places ("shwo"): one each.
size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<size_t> before, row(b.size() + 1), next(b.size() + 1);  // of the last two prefixes of a, and this one
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 1; i <= a.size(); ++i) {
    next[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      next[j] = std::min({row[j] + 1, next[j - 1] + 1, row[j - 1] + (a[i - 1] != b[j - 1])});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        next[j] = std::min(next[j], before[j - 2] + 1);
    }
    before = std::exchange(row, std::exchange(next, std::vector<size_t>(b.size() + 1)));
  }
  return row[b.size()];
}

// The nearest of `names`, when it differs in no more than a third of its letters; empty otherwise.
std::string nearest(std::string_view word, const std::vector<std::string>& names) {
  std::string best;
  size_t least = word.size();
  for (const auto& name : names)
    if (const size_t distance = edit_distance(word, name); distance < least) least = distance, best = name;
  return 3 * least <= std::max<size_t>(word.size(), 3) + 1 ? best : std::string();
}

std::vector<std::string> command_names(const CLI::App* app) {
  std::vector<std::string> names;
  for (const CLI::App* sub : app->get_subcommands([](const CLI::App*) { return true; }))
    names.push_back(sub->get_name());
  return names;
}

std::vector<std::string> flag_names(const CLI::App* app) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app->get_options())
    for (const auto& name : option->get_lnames()) names.push_back("--" + name);
  return names;
}

}  // namespace

CLI::Validator whole_number(size_t least) {
  return CLI::Validator(
      [least](const std::string& text) {
        size_t value = 0;
        if (parses(text, value) && value >= least && value <= kMostCount) return std::string();
        return "'" + text + "': a whole number from " + std::to_string(least) + " to " + std::to_string(kMostCount) +
               " was expected";
      },
      "", "");
}

CLI::Validator number(double least, double most) {
  return CLI::Validator(
      [least, most](const std::string& text) {
        double value = 0;
        if (parses(text, value) && std::isfinite(value) && value >= least && value <= most) return std::string();
        return "'" + text + "': a number from " + plain(least) + " to " + plain(most) + " was expected";
      },
      "", "");
}

CLI::Validator not_empty() {
  return CLI::Validator(
      [](const std::string& text) {
        return text.empty() ? std::string("is empty; give a value, or leave the flag out") : std::string();
      },
      "", "");
}

std::string unknown_name(const CLI::App* app, int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (word == "--") break;
    const std::vector<std::string> commands = command_names(app);
    std::vector<std::string> names;
    std::string kind = "command";
    std::string name = word;
    if (word.starts_with("--")) {
      name = word.substr(0, word.find('='));
      names = flag_names(app), kind = "flag";
    } else if (word.starts_with("-") || commands.empty()) {
      continue;  // a value, or a short flag
    } else {
      names = commands;
    }
    if (std::find(names.begin(), names.end(), name) != names.end()) {
      if (kind == "command") app = app->get_subcommand(name);
      continue;
    }
    const std::string near = nearest(name, names);
    return "'" + name + "' is no " + kind + (near.empty() ? "" : "; did you mean '" + near + "'?");
  }
  return {};
}

}  // namespace hanok::app
