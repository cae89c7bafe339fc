// One collection as records: the door over its snapshot and its writer.
#pragma once

#include <memory>

#include "store/collection.h"

namespace hanok::store {

class StoredRecords final : public Records {
 public:
  StoredRecords(std::shared_ptr<DataFolder> folder, std::shared_ptr<StoredCollection> collection, std::string uuid)
      : folder_(std::move(folder)), collection_(std::move(collection)), uuid_(std::move(uuid)) {}

  const std::string& uuid() const override { return uuid_; }
  RecordsInfo info() const override;
  std::shared_ptr<const RecordSnapshot> read() const override;
  Written write(WriteMode mode, std::vector<Record> records) override {
    return collection_->records().write(mode, std::move(records));
  }
  size_t update(const Selection& among, const Json& metadata) override {
    return collection_->records().update(among, metadata);
  }
  size_t remove(const Selection& among, size_t limit) override { return collection_->records().remove(among, limit); }
  void create_namespace(std::string_view ns, std::string_view note) override {
    collection_->records().create_namespace(ns, note);
  }
  bool remove_namespace(std::string_view ns) override { return collection_->records().remove_namespace(ns); }
  std::optional<std::string> note(std::string_view key) const override;
  std::map<std::string, std::string> notes(std::string_view prefix) const override;
  void set_note(std::string_view key, std::optional<std::string_view> text) override;
  Json settings() const override { return collection_->snapshot()->settings(); }
  void set_settings(const Json& settings) override { collection_->set_settings(settings); }
  Json statistics() const override { return collection_->snapshot()->statistics(); }

 private:
  void require(Database& db) const;

  const std::shared_ptr<DataFolder> folder_;
  const std::shared_ptr<StoredCollection> collection_;
  const std::string uuid_;
};

/// As the database says.
RecordsInfo records_info(Database& db, int64_t collection);

/// "TENANT/DATABASE/NAME" with '/' and '%' in a part written as %2F and %25; the name alone in the default place.
std::string stored_name(std::string_view name, const Place& place);
/// Its parts again.
std::pair<Place, std::string> parse_stored_name(std::string_view stored);

}  // namespace hanok::store
