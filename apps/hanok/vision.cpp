#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <sstream>

#include "base/process.h"
#include "command.h"
#include "hanok/error.h"
#include "train_program.h"

namespace hanok::app {
namespace {

// Folders of PATH that cannot be looked into hold nothing.
bool can_run(const std::filesystem::path& file) {
  std::error_code ignored;
  return std::filesystem::is_regular_file(file, ignored) && ::access(file.c_str(), X_OK) == 0;
}

}  // namespace

std::string train_program() {
  const std::string name = "hanok-train";
  const std::filesystem::path here = std::filesystem::path(base::program_file()).parent_path();
  if (!here.empty())
    for (const auto& file : {here / name, here.parent_path() / "libexec/hanok" / name})
      if (can_run(file)) return file.string();
  const char* path = std::getenv("PATH");
  std::istringstream folders(path ? path : "");
  for (std::string folder; std::getline(folders, folder, ':');)
    if (!folder.empty() && can_run(std::filesystem::path(folder) / name))
      return (std::filesystem::path(folder) / name).string();
  return {};
}

void add_vision(Command& root) {
  root.hands_on("vision", "Trains and tries nets for pictures, by the program hanok-train.",
                [](Session&, const std::vector<std::string>& words) {
                  const std::string file = train_program();
                  if (file.empty())
                    throw Error(Code::NotFound, std::string("hanok vision needs the program hanok-train, which is not "
                                                            "here: ") +
                                                    kNoTrainProgram);
                  std::vector<std::string> argv = {file, "vision"};
                  argv.insert(argv.end(), words.begin(), words.end());
                  base::become_process(argv);
                });
}

}  // namespace hanok::app
