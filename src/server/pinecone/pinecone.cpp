#include "server/pinecone/pinecone.h"

#include "server/pinecone/imports.h"
#include "server/pinecone/schedules.h"
#include "server/pinecone/service.h"

namespace hanok::server {

Pinecone::Pinecone(House& house)
    : house_(house),
      schedules_(std::make_unique<pinecone::BackupSchedules>(house)),
      imports_(std::make_unique<pinecone::Imports>(house)) {}
Pinecone::~Pinecone() = default;
void Pinecone::stop() {
  imports_->stop();
  schedules_->stop();
}

void Pinecone::add_routes(Router& router) {
  House& house = house_;
  pinecone::add_index_routes(router, house);
  pinecone::add_backup_routes(router, house);
  pinecone::add_schedule_routes(router, house, *schedules_);
  pinecone::add_collection_routes(router, house);
  pinecone::add_inference_routes(router, house);
  auto routes = router.group("/i", "pinecone", pinecone::problem);
  pinecone::add_vector_routes(routes, house);
  pinecone::add_query_routes(routes, house);
  pinecone::add_namespace_routes(routes, house);
  pinecone::add_record_routes(routes, house);
  pinecone::add_document_routes(routes, house);
  pinecone::add_import_routes(routes, house, *imports_);
  for (const char* path : {"/assistant", "/admin"})
    router.group(path, "pinecone", pinecone::problem)
        .not_served("",
                    "assistants, organizations and projects are not served; ask a collection by OpenAI's API as the "
                    "model hanok/NAME, keys are made by `hanok keys`");
}

}  // namespace hanok::server
