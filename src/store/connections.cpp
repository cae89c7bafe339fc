#include "store/connections.h"

#include "store/schema.h"

namespace hanok::store {
namespace {

constexpr size_t kIdleKept = 16;  // readers kept open between queries; more are closed when they come back

}  // namespace

Connections::Connections(fs::path file, bool read_only) : file_(std::move(file)), read_only_(read_only) {
  if (read_only) {
    auto reader = std::make_unique<Database>(file_, Database::Mode::Read);
    check_schema(*reader);
    idle_.push_back(std::move(reader));
  } else {
    writer_ = std::make_unique<Database>(file_, Database::Mode::Write);
    migrate(*writer_);
  }
}

Connections::Reading::Reading(Connections& owner) : owner_(owner) {
  {
    std::lock_guard lock(owner_.idle_mutex_);
    if (!owner_.idle_.empty()) {
      database_ = std::move(owner_.idle_.back());
      owner_.idle_.pop_back();
    }
  }
  if (!database_) database_ = std::make_unique<Database>(owner_.file_, Database::Mode::Read);
  transaction_.emplace(*database_, Transaction::Kind::Read);
}

Connections::Reading::~Reading() {
  transaction_.reset();
  std::lock_guard lock(owner_.idle_mutex_);
  if (owner_.idle_.size() < kIdleKept) owner_.idle_.push_back(std::move(database_));
}

Connections::Writing::Writing(Connections& owner) : owner_(owner), lock_(owner.writer_mutex_) {
  if (!owner_.writer_) owner_.refuse();
}

void Connections::require_writable() const {
  std::lock_guard lock(writer_mutex_);
  if (!writer_) refuse();
}

void Connections::refuse() const {
  throw Error(Code::Unavailable, file_.string() + (read_only_ ? ": was opened for reading only; open it for writing"
                                                              : ": was closed; open the store again to write"));
}

void Connections::close() {
  std::lock_guard lock(writer_mutex_);
  writer_.reset();
}

}  // namespace hanok::store
