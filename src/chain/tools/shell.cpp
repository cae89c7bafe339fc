// A shell behind walls: bubblewrap (bwrap) makes a namespace that sees the system read-only, the folder and nothing
// else.
#include "base/process.h"
#include "chain/tools/input.h"
#include "hanok/error.h"
#include "hanok/tools.h"

namespace hanok::chain {
namespace {

namespace fs = std::filesystem;

constexpr base::ProcessLimits kLimits{.seconds = 20, .memory_bytes = 1ull << 30, .output_bytes = 64 << 10};

std::vector<std::string> walled(const fs::path& folder, const std::string& command) {
  std::vector<std::string> out{"bwrap",         "--unshare-all", "--die-with-parent",
                               "--new-session", "--clearenv",    "--setenv",
                               "PATH",          "/usr/bin:/bin", "--setenv",
                               "HOME",          folder,          "--setenv",
                               "LANG",          "C.UTF-8",       "--proc",
                               "/proc",         "--dev",         "/dev",
                               "--tmpfs",       "/tmp"};
  for (const char* part : {"/usr", "/bin", "/sbin", "/lib", "/lib64"})
    if (fs::is_symlink(part))
      out.insert(out.end(), {"--symlink", fs::read_symlink(part), part});
    else if (fs::exists(part))
      out.insert(out.end(), {"--ro-bind", part, part});
  out.insert(out.end(), {"--bind", folder, folder, "--chdir", folder, "sh", "-c", command});
  return out;
}

std::string run(const fs::path& folder, const std::string& command) {
  const auto r = base::run_process(walled(folder, command), "", kLimits);
  std::string out = cut_bytes(r.out, kLimits.output_bytes);
  if (!r.err.empty()) out += (out.empty() ? "" : "\n") + std::string("stderr: ") + cut_bytes(r.err, 4000);
  if (r.timed_out) out += "\n[stopped after " + std::to_string(static_cast<int>(kLimits.seconds)) + " seconds]";
  if (r.output_cut) out += "\n[stopped: too much was written]";
  if (r.exit_status != 0) out += "\n[exit status " + std::to_string(r.exit_status) + "]";
  return out.empty() ? "[no output]" : out;
}

}  // namespace

std::shared_ptr<const AgentTool> make_shell_tool(const fs::path& folder) {
  if (!fs::is_directory(folder)) throw Error(Code::NotFound, folder.string() + ": there is no such folder");
  const fs::path root = fs::canonical(folder);
  base::ProcessResult probe;
  try {
    probe = base::run_process(walled(root, "exit 0"), "", kLimits);
  } catch (const Error& e) {
    if (e.code() != Code::NotFound) throw;
    throw Error(Code::Unsupported,
                "the tool shell needs bubblewrap, which builds its walls: apt-get install bubblewrap");
  }
  if (probe.exit_status != 0)
    throw Error(Code::Unsupported, "the tool shell: this system lets bubblewrap build no walls (" +
                                       cut_bytes(probe.err, 200) + "), and without them there is no shell");
  return make_tool(
      {"shell", "Runs a command by sh in " + root.string() + ", without a network; nothing else can be changed.",
       one_text("command", "for example ls -l")},
      [root](const std::string& input) { return run(root, text_in(tool_input(input), "command")); });
}

}  // namespace hanok::chain
