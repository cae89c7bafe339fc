// Pinecone's API: the control plane at the root (/indexes, /collections, /backups, /backup-schedules, /restore-jobs,
// /models, /embed, /rerank), the data plane of an index below /i/INDEX, which is the host that `describe` gives.
// Versions 2025-01 to 2026-07 of the API differ in the shape of an index; the answers hold the members of all of them.
#pragma once

#include <memory>

#include "server/house.h"
#include "server/http/router.h"

namespace hanok::server {

namespace pinecone {
class BackupSchedules;
class Imports;
}  // namespace pinecone

/// What its routes keep between requests; it must outlive the router, and `house` it.
class Pinecone {
 public:
  explicit Pinecone(House& house);
  ~Pinecone();
  void add_routes(Router& router);
  /// Ends what goes on between requests.
  void stop();

 private:
  House& house_;
  std::unique_ptr<pinecone::BackupSchedules> schedules_;
  std::unique_ptr<pinecone::Imports> imports_;
};

}  // namespace hanok::server
