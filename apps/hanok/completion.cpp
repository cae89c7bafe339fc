#include <iostream>
#include <map>
#include <set>
#include <sstream>

#include "command.h"
#include "hanok/error.h"

namespace hanok::app {
namespace {

// "ask" -> its flags and subcommands, from describe_commands() ("command TAB flag TAB help").
std::map<std::string, std::vector<std::string>> words() {
  std::map<std::string, std::vector<std::string>> out;
  std::istringstream lines(describe_commands());
  for (std::string line; std::getline(lines, line);) {
    const size_t tab = line.find('\t'), second = line.find('\t', tab + 1);
    const std::string command = line.substr(0, tab), flags = line.substr(tab + 1, second - tab - 1);
    const size_t space = command.rfind(' ');
    if (flags.empty()) {
      out[space == std::string::npos ? "" : command.substr(0, space)].push_back(
          command.substr(space == std::string::npos ? 0 : space + 1));
      continue;
    }
    std::istringstream names(flags);
    for (std::string name; std::getline(names, name, ',');) out[command].push_back(name);
  }
  return out;
}

std::string join(const std::vector<std::string>& list) {
  std::string out;
  for (const auto& w : list) out += (out.empty() ? "" : " ") + w;
  return out;
}

std::string bash() {
  std::string out =
      "# hanok completions for bash: source <(hanok completion bash)\n_hanok() {\n  local cur=${COMP_WORDS[COMP_CWORD]} path=\"\" w words\n"
      "  for w in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do case \"$w\" in -*) ;; *) case \"$path $w\" in\n";
  for (const auto& [command, list] : words())
    if (!command.empty()) out += "    \" " + command + "\"|\"" + command + "\") path=\"" + command + "\";;\n";
  out += "  esac;; esac; done\n  case \"$path\" in\n";
  for (const auto& [command, list] : words()) out += "    \"" + command + "\") words=\"" + join(list) + "\";;\n";
  return out +
         "  esac\n  COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n  [ -n \"$COMPREPLY\" ] || COMPREPLY=($(compgen -f -- \"$cur\"))\n}\ncomplete -o filenames -F _hanok hanok\n";
}

std::string fish() {
  std::string out = "# hanok completions for fish: hanok completion fish | source\n";
  for (const auto& [command, list] : words())
    for (const auto& w : list) {
      const std::string when = command.empty()
                                   ? "__fish_use_subcommand"
                                   : "__fish_seen_subcommand_from " + command.substr(command.rfind(' ') + 1);
      if (w.rfind("--", 0) == 0)
        out += "complete -c hanok -n '" + when + "' -l " + w.substr(2) + "\n";
      else if (w.rfind("-", 0) == 0)
        out += "complete -c hanok -n '" + when + "' -s " + w.substr(1) + "\n";
      else
        out += "complete -c hanok -n '" + when + "' -a " + w + "\n";
    }
  return out;
}

}  // namespace

void add_completion(Command& root) {
  auto shell = std::make_shared<std::string>("bash");
  Command c = root.subcommand(
      "completion", "Print completions for a shell.",
      "  source <(hanok completion bash)\n  source <(hanok completion zsh)\n  hanok completion fish | source");
  c.positional("SHELL", *shell, "bash, zsh or fish");
  c.run([shell](Session&) {
    if (*shell == "bash")
      std::cout << bash();
    else if (*shell == "zsh")
      std::cout << "autoload -U +X bashcompinit && bashcompinit\n" << bash();
    else if (*shell == "fish")
      std::cout << fish();
    else
      throw Error(Code::Invalid, "completion: '" + *shell + "' is not one of: bash, zsh, fish");
  });
}

}  // namespace hanok::app
