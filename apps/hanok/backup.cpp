#include <iostream>

#include "command.h"
#include "hanok/error.h"
#include "store/backup.h"

namespace hanok::app {
namespace {

void print(Session& session, const char* what, const std::string& folder, const std::vector<store::BackupFile>& files) {
  uint64_t bytes = 0;
  for (const auto& file : files) bytes += file.bytes;
  session.print({{what, folder}, {"files", files.size()}, {"bytes", bytes}}, [&](std::ostream& out) {
    out << files.size() << (files.size() == 1 ? " file, " : " files, ") << human_bytes(static_cast<double>(bytes))
        << ": " << folder << "\n";
  });
}

void fsck(Session& session) {
  const auto problems = session.store(false).verify();
  session.print({{"problems", problems}}, [&](std::ostream& out) {
    for (const auto& problem : problems) out << problem << "\n";
    if (problems.empty()) out << "sound: " << session.data_folder() << "\n";
  });
  if (!problems.empty()) session.status = exit_status(Code::Corrupt);
}

}  // namespace

void add_backup(Command& root) {
  auto folder = std::make_shared<std::string>();
  Command backup =
      root.subcommand("backup", "Copies the data directory as it is now, also while it is in use.",
                      "  hanok backup /mnt/backups/$(date +%F)\n"
                      "A new folder with the database, conversations, keys, uploaded files, and their checksums.");
  backup.positional("FOLDER", *folder, "a folder that is not there yet");
  backup.run(
      [folder](Session& session) { print(session, "backup", *folder, store::backup(session.data_folder(), *folder)); });
  Command restore = root.subcommand("restore", "Makes a data directory of a backup.",
                                    "  hanok restore /mnt/backups/2026-11-29 --data ~/restored");
  restore.positional("FOLDER", *folder, "what `hanok backup` wrote");
  restore.run([folder](Session& session) {
    print(session, "restored", *folder, store::restore(*folder, session.data_folder()));
  });
  root.subcommand("fsck",
                  "Checks the database, and compares every index with it; exit status 5 where something is wrong.")
      .run([](Session& session) { fsck(session); });
}

}  // namespace hanok::app
