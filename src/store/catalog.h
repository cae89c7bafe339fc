// The collections of a data folder by tenant and database.
#pragma once

#include "store/local_store.h"

namespace hanok::store {

class StoredCatalog final : public Catalog {
 public:
  explicit StoredCatalog(LocalStore& store) : store_(store) {}

  void create_tenant(std::string_view name) override;
  bool has_tenant(std::string_view name) const override;
  std::optional<std::string> tenant_note(std::string_view name) const override;
  void set_tenant_note(std::string_view name, std::string_view note) override;
  void create_database(const Place& place, std::string_view uuid) override;
  std::optional<DatabaseInfo> find_database(const Place& place) const override;
  std::vector<DatabaseInfo> databases(std::string_view tenant, const Page& page) const override;
  bool drop_database(const Place& place) override;

  std::shared_ptr<Records> create(const NewRecords& what) override;
  std::shared_ptr<Records> find(std::string_view name, const Place& place) override;
  std::shared_ptr<Records> find_uuid(std::string_view uuid) override;
  std::vector<RecordsInfo> list(const Place& place, const Page& page) const override;
  size_t count(const Place& place) const override;
  bool drop(std::string_view name, const Place& place) override;
  void rename(std::string_view name, std::string_view to, const Place& place) override;
  std::shared_ptr<Records> fork(std::string_view name, const Place& from, std::string_view to,
                                const Place& into) override;
  void reset() override;

 private:
  void require_place(Database& db, const Place& place) const;
  std::vector<int64_t> in_place(Database& db, const Place& place) const;

  LocalStore& store_;
};

}  // namespace hanok::store
