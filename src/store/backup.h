// A copy of a data folder that is in use, and back.
//
// FOLDER/hanok.db is a copy of the database as it was at one moment (SQLite's online backup, in one step: it reads
// under one transaction, while others write), and so is journal.db; keys.json, files/ and chats/ are copied beside
// them; manifest.json says what there is, with SHA-256 of each file. Index files are caches and stay out: they are made
// again.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace hanok::store {

struct BackupFile {
  std::string path;  // below the folder
  uint64_t bytes = 0;
  std::string sha256;
};

/// Writes a backup of `data` into a new folder `to`; other processes may read and write meanwhile. What was
/// acknowledged before the call and not removed during it is in it. Throws Exists where `to` is there, NotFound where
/// `data` holds no database.
std::vector<BackupFile> backup(const std::filesystem::path& data, const std::filesystem::path& to);

/// Makes the data folder `data` of a backup. Every checksum is compared before anything is written. Throws Exists where
/// `data` has one of its files already, Corrupt naming what is wrong.
std::vector<BackupFile> restore(const std::filesystem::path& from, const std::filesystem::path& data);

}  // namespace hanok::store
