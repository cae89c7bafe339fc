#include "faulty_disk.h"

#include <sqlite3.h>

#include <atomic>
#include <cstring>

namespace recovery {
namespace {

std::atomic<int64_t> count{0}, fail_from{0};  // the store writes in the background too
std::atomic<Fault> kind{Fault::Full};
sqlite3_vfs* real = nullptr;
sqlite3_vfs faulty;

// The file of the real VFS follows in the same allocation, as SQLite asks for (szOsFile).
struct File {
  sqlite3_file base;
  sqlite3_file* inner() { return reinterpret_cast<sqlite3_file*>(this + 1); }
};
File* of(sqlite3_file* f) { return reinterpret_cast<File*>(f); }

bool fails() { return ++count >= fail_from && fail_from > 0; }
int result() { return kind == Fault::Full ? SQLITE_FULL : SQLITE_IOERR; }

int write(sqlite3_file* f, const void* data, int size, sqlite3_int64 offset) {
  auto* inner = of(f)->inner();
  if (!fails()) return inner->pMethods->xWrite(inner, data, size, offset);
  if (kind == Fault::HalfWritten && size > 1) inner->pMethods->xWrite(inner, data, size / 2, offset);
  return result();
}
int sync(sqlite3_file* f, int flags) {
  auto* inner = of(f)->inner();
  return fails() ? SQLITE_IOERR_FSYNC : inner->pMethods->xSync(inner, flags);
}
int truncate(sqlite3_file* f, sqlite3_int64 size) {
  auto* inner = of(f)->inner();
  return fails() ? SQLITE_IOERR_TRUNCATE : inner->pMethods->xTruncate(inner, size);
}
int close(sqlite3_file* f) { return of(f)->inner()->pMethods->xClose(of(f)->inner()); }
int read(sqlite3_file* f, void* to, int n, sqlite3_int64 at) {
  return of(f)->inner()->pMethods->xRead(of(f)->inner(), to, n, at);
}
int file_size(sqlite3_file* f, sqlite3_int64* n) { return of(f)->inner()->pMethods->xFileSize(of(f)->inner(), n); }
int lock(sqlite3_file* f, int level) { return of(f)->inner()->pMethods->xLock(of(f)->inner(), level); }
int unlock(sqlite3_file* f, int level) { return of(f)->inner()->pMethods->xUnlock(of(f)->inner(), level); }
int reserved(sqlite3_file* f, int* out) { return of(f)->inner()->pMethods->xCheckReservedLock(of(f)->inner(), out); }
int control(sqlite3_file* f, int op, void* arg) {
  return of(f)->inner()->pMethods->xFileControl(of(f)->inner(), op, arg);
}
int sector(sqlite3_file* f) { return of(f)->inner()->pMethods->xSectorSize(of(f)->inner()); }
int traits(sqlite3_file* f) { return of(f)->inner()->pMethods->xDeviceCharacteristics(of(f)->inner()); }
int shm_map(sqlite3_file* f, int page, int size, int extend, void volatile** out) {
  return of(f)->inner()->pMethods->xShmMap(of(f)->inner(), page, size, extend, out);
}
int shm_lock(sqlite3_file* f, int offset, int n, int flags) {
  return of(f)->inner()->pMethods->xShmLock(of(f)->inner(), offset, n, flags);
}
void shm_barrier(sqlite3_file* f) { of(f)->inner()->pMethods->xShmBarrier(of(f)->inner()); }
int shm_unmap(sqlite3_file* f, int remove) { return of(f)->inner()->pMethods->xShmUnmap(of(f)->inner(), remove); }

const sqlite3_io_methods methods = {2,         close,   read,     write,       truncate, sync,
                                    file_size, lock,    unlock,   reserved,    control,  sector,
                                    traits,    shm_map, shm_lock, shm_barrier, shm_unmap};

int open(sqlite3_vfs*, const char* name, sqlite3_file* f, int flags, int* out_flags) {
  const int opened = real->xOpen(real, name, of(f)->inner(), flags, out_flags);
  f->pMethods = of(f)->inner()->pMethods ? &methods : nullptr;
  return opened;
}

}  // namespace

void install_faulty_disk() {
  real = sqlite3_vfs_find(nullptr);
  faulty = *real;
  faulty.zName = "faulty";
  faulty.szOsFile = static_cast<int>(sizeof(File)) + real->szOsFile;
  faulty.xOpen = open;
  sqlite3_vfs_register(&faulty, 1);
}

void fail_at(int64_t operation, Fault fault) {
  count = 0;
  fail_from = operation;
  kind = fault;
}

int64_t disk_operations() { return count; }

}  // namespace recovery
