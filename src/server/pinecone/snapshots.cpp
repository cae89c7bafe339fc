#include "server/pinecone/snapshots.h"

#include "base/json.h"

namespace hanok::server::pinecone {
namespace {

constexpr const char* kTenant = "pinecone";
constexpr std::string_view kCopyNote = "pinecone.copy";

void make_place(const store::Place& place, House& house) {
  auto& catalog = house.store->catalog();
  const auto quietly = [](auto make) {
    try {
      make();
    } catch (const Error& error) {
      if (error.code() != Code::Exists) throw;  // another request made it meanwhile
    }
  };
  if (!catalog.has_tenant(place.tenant)) quietly([&] { catalog.create_tenant(place.tenant); });
  if (!catalog.find_database(place)) quietly([&] { catalog.create_database(place); });
}

}  // namespace

store::Place backups_place() { return {.tenant = kTenant, .database = "backups"}; }
store::Place collections_place() { return {.tenant = kTenant, .database = "collections"}; }

std::shared_ptr<store::Records> copy_index(const Index& index, const store::Place& place, const std::string& name,
                                           const Json& note, House& house) {
  make_place(place, house);
  auto copy = house.store->catalog().fork(index.info.name, {}, name, place);
  copy->set_note(kCopyNote, base::dump_json(note));
  return copy;
}

Json note_of_copy(const store::Records& records) {
  const auto note = records.note(kCopyNote);
  return note ? base::parse_json(*note, "note of a copy") : Json::object();
}

Index restore(const store::Place& place, const std::string& name, const std::string& index, const IndexModel& model,
              const Request& request, House& house) {
  check_index_name(index);
  request.access.require(Scope::Write, index);
  auto& catalog = house.store->catalog();
  if (catalog.find(index)) refuse(409, "Resource " + index + " already exists");
  Index out{.records = catalog.fork(name, place, index, {}), .model = model};
  out.records->set_note(kNote, to_note(model));
  out.records->set_note(kCopyNote, std::nullopt);
  out.info = out.records->info();
  return out;
}

Index restore_collection(const NewIndex& said, const Request& request, House& house) {
  const std::string& source = said.model.source_collection;
  const auto copy = house.store->catalog().find(source, collections_place());
  if (!copy) refuse(404, "Resource " + source + " not found");
  const IndexModel of_copy = model_of(*copy, copy->info());
  if (said.model.dimension != of_copy.dimension)
    refuse_argument("dimension: the collection " + source + " holds vectors of " +
                    std::to_string(of_copy.dimension.value_or(0)) + " dimensions");
  if (said.model.metric != of_copy.metric)
    refuse_argument("metric: the collection " + source + " was made of an index with the metric " + of_copy.metric);
  return restore(collections_place(), source, said.name, said.model, request, house);
}

}  // namespace hanok::server::pinecone
