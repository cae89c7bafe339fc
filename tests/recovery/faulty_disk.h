// A disk under SQLite that fails on order: every write, sync and truncation of SQLite is counted, and one of them
// fails.
#pragma once

#include <cstdint>

namespace recovery {

enum class Fault { Full, Error, HalfWritten };

/// Becomes SQLite's default VFS; until fail_at() it only counts.
void install_faulty_disk();
/// Operation number `operation` (1, 2, ...) from now on fails, and every one after it; 0: none does.
void fail_at(int64_t operation, Fault fault);
/// Operations since the last fail_at().
int64_t disk_operations();

}  // namespace recovery
