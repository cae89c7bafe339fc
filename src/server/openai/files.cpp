// /files: upload, list, read, delete.
#include "base/file.h"
#include "server/body.h"
#include "server/http/multipart.h"
#include "server/openai/openai.h"
#include "server/openai/vector_stores.h"

namespace hanok::server {
namespace {

using base::OrderedJson;

ShelvedFile need_file(const FileShelf& shelf, const Request& request) {
  auto file = shelf.find(request.capture("file"));
  if (!file || !may_see(request.access, *file))
    throw Refusal(
        {.status = 404, .message = "there is no file '" + request.capture("file") + "'", .code = "not_found"});
  return *file;
}

Reply upload(FileShelf& shelf, const Request& request) {
  const auto form = parse_form(request.header("content-type"), request.body);
  const FormPart* file = find_part(form, "file");
  const FormPart* purpose = find_part(form, "purpose");
  if (!file || file->filename.empty()) wrong_field("file", "a part with a file and its name", nullptr);
  if (!purpose || purpose->body.empty() || purpose->body.size() > 100)
    wrong_field("purpose", "a text such as assistants", nullptr);
  return Reply::json(
      base::dump_json(to_json(shelf.add(file->filename, std::string(purpose->body), file->body, request.access.key))));
}

Reply list(FileShelf& shelf, const Request& request) {
  std::vector<OrderedJson> rows;
  const auto purpose = request.parameter("purpose");
  for (const auto& file : shelf.list())
    if (may_see(request.access, file) && (!purpose || file.purpose == *purpose)) rows.push_back(to_json(file));
  return Reply::json(base::dump_json(list_page(std::move(rows), request)));
}

}  // namespace

void add_openai_files(Router::Group& group, FileShelf& shelf) {
  group.add(
      "POST", "/files", [&shelf](const Request& request) { return upload(shelf, request); },
      {.scope = Scope::Write, .lane = Lane::Write, .summary = "Upload a file (multipart/form-data: file, purpose)"});
  group.add("GET", "/files", [&shelf](const Request& request) { return list(shelf, request); },
            {.summary = "Uploaded files"});
  group.add(
      "GET", "/files/{file}",
      [&shelf](const Request& request) { return Reply::json(base::dump_json(to_json(need_file(shelf, request)))); },
      {.summary = "One file"});
  group.add("GET", "/files/{file}/content",
            [&shelf](const Request& request) {
              const ShelvedFile file = need_file(shelf, request);
              return Reply{200, "application/octet-stream", base::read_file(shelf.path(file))};
            },
            {.summary = "The bytes of a file"});
  group.add("DELETE", "/files/{file}",
            [&shelf](const Request& request) {
              const ShelvedFile file = need_file(shelf, request);
              shelf.remove(file.id);
              return Reply::json(base::dump_json(OrderedJson{{"id", file.id}, {"object", "file"}, {"deleted", true}}));
            },
            {.scope = Scope::Write, .summary = "Delete a file; vector stores keep what they read of it"});
}

}  // namespace hanok::server
