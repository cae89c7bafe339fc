#include "server/pinecone/imports.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>

#include "base/clock.h"
#include "base/json.h"
#include "server/parquet/parquet.h"
#include "server/pinecone/vectors.h"
#include "text/utf8.h"

namespace hanok::server::pinecone {
namespace {

namespace fs = std::filesystem;

constexpr size_t kBatch = 1000;  // records of a commit
constexpr std::string_view kScheme = "file://";

std::string key_of(const std::string& id) { return std::string(kImportNote) + id; }

Json to_json(const Import& i) {
  return {{"uri", i.uri},
          {"status", i.status},
          {"error", i.error},
          {"created_ms", i.created_ms},
          {"finished_ms", i.finished_ms},
          {"percent", i.percent},
          {"records", i.records}};
}

Import from_note(const std::string& id, const std::string& note) {
  const Json json = base::parse_json(note, "note of an import");
  return {.id = id,
          .uri = json.at("uri"),
          .status = json.at("status"),
          .error = json.at("error"),
          .created_ms = json.at("created_ms"),
          .finished_ms = json.at("finished_ms"),
          .percent = json.at("percent"),
          .records = json.at("records")};
}

void write(store::Records& records, const Import& import) {
  records.set_note(key_of(import.id), base::dump_json(to_json(import)));
}

/// "file:///home/me/vectors" -> the folder.
fs::path folder_of(const std::string& uri) {
  if (!uri.starts_with(kScheme))
    refuse_argument("uri: expected a folder of the server's machine, file:///FOLDER, found '" + uri +
                    "'. hanok reads no cloud storage: copy the files there first");
  const auto path = percent_decoded(std::string_view(uri).substr(kScheme.size()));
  if (!path || !path->starts_with('/')) refuse_argument("uri: expected file:///FOLDER, found '" + uri + "'");
  return fs::path(*path).lexically_normal();
}

struct Source {
  std::string ns;
  fs::path file;
};

/// By namespace and name.
std::vector<Source> sources_of(const fs::path& folder) {
  std::vector<Source> out;
  const auto take = [&](const fs::directory_entry& entry, const std::string& ns) {
    if (entry.path().extension() != ".parquet" || !entry.is_regular_file()) return;
    if (!text::valid_utf8(ns))
      refuse_argument("uri: a folder in " + folder.string() + " has a name that is no UTF-8, and so no namespace");
    out.push_back({ns, entry.path()});
  };
  try {
    for (const auto& entry : fs::directory_iterator(folder)) {
      if (!entry.is_directory()) {
        take(entry, "");
        continue;
      }
      for (const auto& inner : fs::directory_iterator(entry.path()))
        take(inner, namespace_of(entry.path().filename().string()));
    }
  } catch (const fs::filesystem_error& error) {
    refuse_argument("uri: " + error.path1().string() + " cannot be read: " + error.code().message());
  }
  std::sort(out.begin(), out.end(),
            [](const Source& a, const Source& b) { return std::tie(a.ns, a.file) < std::tie(b.ns, b.file); });
  if (out.empty())
    refuse_argument("uri: " + folder.string() + " holds no Parquet file; expected FOLDER/NAMESPACE/*.parquet");
  return out;
}

parquet::File open(const fs::path& path) {
  const auto stream = std::make_shared<std::ifstream>(path, std::ios::binary);
  std::error_code error;
  const auto size = fs::file_size(path, error);
  if (!*stream || error) throw Error(Code::Unavailable, path.string() + ": cannot be read");
  const auto read = [stream, size](uint64_t at, size_t count) {
    std::string out(std::min<uint64_t>(count, size - std::min(at, size)), 0);  // a page may say any size
    stream->clear();
    stream->seekg(static_cast<std::streamoff>(at));
    stream->read(out.data(), static_cast<std::streamsize>(out.size()));
    out.resize(static_cast<size_t>(std::max<std::streamsize>(0, stream->gcount())));
    return out;
  };
  return {read, size, path.string()};
}

/// The columns of one row group, by what they mean.
class Rows {
 public:
  Rows(const parquet::File& file, size_t group) {
    for (size_t leaf = 0; leaf < file.leaves().size(); ++leaf) {
      const std::string& path = file.leaves()[leaf].path;
      const std::string first = path.substr(0, path.find('.'));
      if (path == "id")
        id_.emplace(file, group, leaf);
      else if (path == "metadata")
        metadata_.emplace(file, group, leaf);
      else if (first == "values")
        values_.emplace(file, group, leaf);
      else if (path.starts_with("sparse_values.indices"))
        indices_.emplace(file, group, leaf);
      else if (path.starts_with("sparse_values.values"))
        weights_.emplace(file, group, leaf);
      else
        throw Error(Code::Invalid,
                    file.name() + ": the column " + path + " is none of id, values, sparse_values and metadata");
    }
    if (!id_ || (!values_ && !indices_))
      throw Error(Code::Invalid, file.name() + ": the columns id and values (or sparse_values) are expected");
  }

  /// All columns go on together, whatever is wrong with the row.
  void next() {
    for (auto [reader, cell] : {std::pair{&id_, &id},
                                {&metadata_, &metadata},
                                {&values_, &values},
                                {&indices_, &indices},
                                {&weights_, &weights}})
      if (*reader) (*reader)->next(*cell);
  }
  parquet::Cell id, metadata, values, indices, weights;

 private:
  std::optional<parquet::ColumnReader> id_, metadata_, values_, indices_, weights_;
};

std::vector<float> floats(const parquet::Cell& cell, const char* what) {
  std::vector<float> out;
  out.reserve(cell.numbers.size());
  for (const double number : cell.numbers) {
    out.push_back(static_cast<float>(number));
    if (!std::isfinite(out.back()))
      refuse_argument(std::string(what) + ": " + std::to_string(number) + " is no finite 32-bit float");
  }
  return out;
}

store::Record record_of(const Rows& row, const std::string& ns, const IndexModel& model) {
  store::Record out{.ns = ns, .id = row.id.text};
  check_id(out.id, "id");  // null: an empty text
  if (!text::valid_utf8(out.id)) refuse_argument("id: a text in UTF-8 is expected");
  out.vector = floats(row.values, "values");
  if (!out.vector.empty()) check_dense(out.vector, model);
  for (const double index : row.indices.numbers) {
    if (!(index >= 0 && index <= UINT32_MAX && index == std::floor(index)))
      refuse_argument("sparse_values.indices: whole numbers from 0 to 4294967295 are expected");
    out.sparse.indices.push_back(static_cast<uint32_t>(index));
  }
  out.sparse.values = floats(row.weights, "sparse_values.values");
  check_sparse(out.sparse, "sparse_values");
  check_vector(out, model, "sparse_values");
  if (row.metadata.there && !row.metadata.text.empty()) {
    const Body body(row.metadata.text);
    out.metadata = read_metadata(body.object(), "metadata");
  }
  return out;
}

bool refused(const Error& error) { return error.code() == Code::Invalid || error.code() == Code::Unsupported; }

}  // namespace

Imports::Imports(House& house)
    : house_(house),
      queue_(fs::path(house.data_folder) / "files" / "imports", [this](const WaitingFile& waiting) { read(waiting); }) {
}

std::string Imports::start(const Index& index, const std::string& uri, bool go_on) {
  const fs::path folder = folder_of(uri);
  if (std::error_code error; !fs::is_directory(folder, error))
    refuse_argument("uri: " + folder.string() + " is no folder of the server's machine");
  sources_of(folder);
  const int64_t now = base::now_ms();
  const std::lock_guard lock(mutex_);
  int64_t last = 0;
  for (const auto& [key, note] : index.records->notes(kImportNote))
    last = std::max<int64_t>(last, std::stoll(key.substr(kImportNote.size())));
  const std::string id = std::to_string(last + 1);
  // On disk before it is noted: a kill in between leaves an import that is done and noted by the next process.
  queue_.add({{.store = index.info.uuid, .file = id, .created_ms = now, .how = {{"uri", uri}, {"go_on", go_on}}}});
  write(*index.records, {.id = id, .uri = uri, .status = "Pending", .created_ms = now});
  return id;
}

Import Imports::with_progress(Import import, const std::string& index) const {
  if (running_index_ != index || running_id_ != import.id) return import;
  import.status = "InProgress";
  import.records = written_;
  import.percent = percent();
  return import;
}

double Imports::percent() const {
  return all_rows_ > 0 ? 100.0 * static_cast<double>(rows_) / static_cast<double>(all_rows_) : 0.0;
}

std::vector<Import> Imports::of(const Index& index) const {
  const std::lock_guard lock(mutex_);
  std::vector<Import> out;
  for (const auto& [key, note] : index.records->notes(kImportNote))
    out.push_back(with_progress(from_note(key.substr(kImportNote.size()), note), index.info.uuid));
  std::sort(out.begin(), out.end(),
            [](const Import& a, const Import& b) { return std::stoll(a.id) > std::stoll(b.id); });
  return out;
}

Import Imports::find(const Index& index, const std::string& id) const {
  const std::lock_guard lock(mutex_);
  const auto note = index.records->note(key_of(id));
  if (!note) refuse(404, "Import " + id + " not found");
  return with_progress(from_note(id, *note), index.info.uuid);
}

void Imports::cancel(const Index& index, const std::string& id) {
  find(index, id);
  if (!queue_.drop(index.info.uuid, {id}).empty()) {  // it had not begun
    const std::lock_guard lock(mutex_);
    Import import = from_note(id, index.records->note(key_of(id)).value());
    import.status = "Cancelled";
    import.finished_ms = base::now_ms();
    write(*index.records, import);
    return;
  }
  const std::lock_guard lock(mutex_);
  if (running_index_ == index.info.uuid && running_id_ == id)
    cancelled_ = true;
  else if (from_note(id, index.records->note(key_of(id)).value()).finished_ms == 0)
    to_cancel_.emplace(index.info.uuid, id);
}

void Imports::read(const WaitingFile& waiting) {
  const auto records = house_.store->catalog().find_uuid(waiting.store);
  if (!records) return;  // the index was dropped
  Index index{.records = records, .info = records->info(), .model = {}};
  index.model = model_of(*records, index.info);
  Import import{.id = waiting.file, .uri = waiting.how.at("uri"), .created_ms = waiting.created_ms};
  {
    const std::lock_guard lock(mutex_);
    if (const auto note = records->note(key_of(waiting.file))) import = from_note(waiting.file, *note);
    if (import.finished_ms > 0) return;  // a kill came between its end and the queue's hearing of it
    running_index_ = waiting.store, running_id_ = waiting.file;
    rows_ = all_rows_ = written_ = 0;
    cancelled_ = to_cancel_.erase({waiting.store, waiting.file}) > 0;
  }
  try {
    import_folder(index, waiting);
    import.status = cancelled_ ? "Cancelled" : "Completed";
  } catch (const std::exception& error) {
    const auto* known = dynamic_cast<const Error*>(&error);
    if (known != nullptr && known->code() == Code::Cancelled) throw;  // the server stops: the next process goes on
    import.status = "Failed";
    import.error = error.what();
  }
  import.finished_ms = base::now_ms();
  import.records = written_;
  import.percent = import.status == "Completed" ? 100 : percent();
  const std::lock_guard lock(mutex_);
  running_index_.clear(), running_id_.clear();
  write(*records, import);
}

void Imports::import_folder(const Index& index, const WaitingFile& waiting) {
  const bool go_on = waiting.how.at("go_on");
  std::vector<store::Record> batch;
  const auto write_batch = [&] {
    Context::current().check();
    try {
      written_ += index.records->write(store::WriteMode::Replace, batch).records;
    } catch (const Error& error) {
      if (!go_on || !refused(error)) throw;
      for (const auto& record : batch) {  // all but those that are refused
        try {
          written_ += index.records->write(store::WriteMode::Replace, {record}).records;
        } catch (const Error& one) {
          if (!refused(one)) throw;
        }
      }
    }
    batch.clear();
  };
  const auto sources = sources_of(folder_of(waiting.how.at("uri")));
  for (const Source& source : sources) {
    const parquet::File file = open(source.file);  // it owns its groups
    for (const auto& group : file.groups()) all_rows_ += group.rows;
  }
  for (const Source& source : sources) {
    const parquet::File file = open(source.file);
    uint64_t number = 0;
    for (size_t group = 0; group < file.groups().size(); ++group) {
      Rows rows(file, group);
      for (uint64_t i = 0; i < file.groups()[group].rows; ++i, ++number, ++rows_) {
        if (cancelled_) return;
        if (number % kBatch == 0) Context::current().check();  // there may be no row to write
        rows.next();
        try {
          batch.push_back(record_of(rows, source.ns, index.model));
        } catch (const Error& error) {
          if (!refused(error)) throw;
          if (!go_on) throw Error(Code::Invalid, file.name() + ", row " + std::to_string(number) + ": " + error.what());
        }
        if (batch.size() == kBatch) write_batch();
      }
    }
  }
  if (!batch.empty()) write_batch();
}

}  // namespace hanok::server::pinecone
