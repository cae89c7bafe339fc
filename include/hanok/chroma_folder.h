// Collections out of the folder that Chroma keeps (chromadb.PersistentClient, `chroma run --path`).
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "hanok/records.h"

namespace hanok::store {

struct ImportedCollection {
  Place place;
  std::string name;
  size_t records = 0;
  size_t without_vector = 0;  // their vectors were in no file and in no queue any more
};

struct ChromaImport {
  std::vector<ImportedCollection> collections;
  std::vector<std::string> warnings;  // what was damaged
};

/// Whether the folder is one of Chroma's.
bool is_chroma_folder(const std::filesystem::path& folder);

/// Every collection, or the one of this name, with ids, texts, metadata, vectors, distance and what Chroma keeps beside
/// them; at the tenants and databases where they were. The folder is only read, and no server may write it meanwhile.
/// Vectors are read from data_level0.bin and the queue, so that a folder whose graph is damaged loses nothing.
/// Throws NotFound where it is none of Chroma's or has no such collection, Exists, before anything is written, where a
/// name is taken, Corrupt. A collection is there whole or not at all.
ChromaImport import_chroma(Catalog& catalog, const std::filesystem::path& folder, const std::string& only = {});

}  // namespace hanok::store
