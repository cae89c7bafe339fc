#include "server/pinecone/pinecone.h"

#include "server/pinecone/service.h"

namespace hanok::server {

void add_pinecone_routes(Router& router, House& house) {
  pinecone::add_index_routes(router, house);
  pinecone::add_backup_routes(router, house);
  pinecone::add_collection_routes(router, house);
  pinecone::add_inference_routes(router, house);
  auto routes = router.group("/i", "pinecone", pinecone::problem);
  pinecone::add_vector_routes(routes, house);
  pinecone::add_query_routes(routes, house);
  pinecone::add_namespace_routes(routes, house);
  pinecone::add_record_routes(routes, house);
  pinecone::add_document_routes(routes, house);
}

}  // namespace hanok::server
