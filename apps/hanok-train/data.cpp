// hanok vision data get: the original files of a data set, from their own site or one that keeps them.
#include <filesystem>
#include <iostream>

#include "base/file.h"
#include "base/hash.h"
#include "chain/http/http.h"
#include "command.h"
#include "hanok/error.h"
#include "vision/data/unpack.h"

namespace hanok::app {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t kMostBytes = 1'000'000'000;

struct Source {
  std::string file;                                           // as it is published
  std::vector<std::pair<std::string, std::string>> contents;  // what it unpacks to: name, SHA-256
};
struct Published {
  std::string name;
  std::vector<std::string> sites;  // asked one after another
  std::vector<Source> files;
};

Source idx(const std::string& name, const std::string& sha256) { return {name + ".gz", {{name, sha256}}}; }

const std::vector<Published>& published() {
  static const std::vector<Published> table = {
      {"mnist",
       {"https://ossci-datasets.s3.amazonaws.com/mnist/", "http://yann.lecun.com/exdb/mnist/"},
       {idx("train-images-idx3-ubyte", "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db"),
        idx("train-labels-idx1-ubyte", "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5"),
        idx("t10k-images-idx3-ubyte", "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7"),
        idx("t10k-labels-idx1-ubyte", "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2")}},
      {"fashion-mnist",
       {"http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/"},
       {idx("train-images-idx3-ubyte", "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888"),
        idx("train-labels-idx1-ubyte", "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9"),
        idx("t10k-images-idx3-ubyte", "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b"),
        idx("t10k-labels-idx1-ubyte", "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34")}},
      {"cifar10",
       {"https://www.cs.toronto.edu/~kriz/"},
       {{"cifar-10-binary.tar.gz",
         {{"data_batch_1.bin", "cee916563c9f80d84e3cc88e17fdc0941787f1244f00a67874d45b261883ada5"},
          {"data_batch_2.bin", "a591ca11fa1708a91ee40f54b3da4784ccd871ecf2137de63f51ada8b3fa57ed"},
          {"data_batch_3.bin", "bbe8596564c0f86427f876058170b84dac6670ddf06d79402899d93ceea26f67"},
          {"data_batch_4.bin", "014e562d6e23c72197cc727519169a60359f5eccd8945ad5a09d710285ff4e48"},
          {"data_batch_5.bin", "755304fc0b379caeae8c14f0dac912fbc7d6cd469eb67a1029a08a39453a9add"},
          {"test_batch.bin", "8e2eb146ae340b09e24670f29cabc6326dba54da8789dab6768acf480273f65b"}}}}},
  };
  return table;
}

// Empty when every part is what was published; else what is wrong.
std::string wrong_with(const Source& source, const std::string& bytes) {
  try {
    const std::string unpacked = vision::gunzip(bytes, source.file, kMostBytes);
    for (const auto& [name, sha256] : source.contents) {
      const bool whole = source.contents.size() == 1;
      const auto part =
          whole ? std::optional<std::string_view>(unpacked) : vision::find_in_tar(unpacked, "/" + name, source.file);
      if (!part) return "holds no " + name;
      if (const std::string found = base::sha256_hex(*part); found != sha256)
        return name + " in it has the SHA-256 " + found + ", expected " + sha256;
    }
  } catch (const Error& e) {
    return e.what();
  }
  return "";
}

std::string fetch(const Source& source, const std::vector<std::string>& sites) {
  std::string tried;
  for (const std::string& site : sites) {
    std::string body;
    const auto reply = chain::http({.url = site + source.file}, [&](const chain::HttpReply&, std::string_view bytes) {
      if (body.size() + bytes.size() > kMostBytes) return chain::Piece::Stop;
      body += bytes;
      return chain::Piece::Taken;
    });
    std::string problem = reply.problem;
    if (problem.empty() && reply.status != 200) problem = "answers " + std::to_string(reply.status);
    if (problem.empty()) problem = wrong_with(source, body);
    if (problem.empty()) return body;
    tried += "; " + site + source.file + ": " + problem;
  }
  throw Error(Code::Unavailable, source.file + " could not be fetched" + tried);
}

void get(Session& session, const std::string& name, const fs::path& folder, const std::string& from) {
  const Published* set = nullptr;
  for (const auto& p : published())
    if (p.name == name) set = &p;
  if (!set)
    throw Error(Code::NotFound,
                "'" + name + "' is not published anywhere that is known; there are: mnist, fashion-mnist, cifar10");
  fs::create_directories(folder);
  auto sites = from.empty() ? set->sites : std::vector<std::string>{from.ends_with('/') ? from : from + "/"};
  base::OrderedJson files = base::OrderedJson::array();
  for (const Source& source : set->files) {
    const fs::path path = folder / source.file;
    const bool there = fs::exists(path) && wrong_with(source, base::read_file(path, kMostBytes)).empty();
    if (!there) {
      session.note("fetching " + source.file);
      base::write_file_atomic(path, fetch(source, sites));
    }
    files.push_back({{"file", path.string()}, {"bytes", fs::file_size(path)}, {"fetched", !there}});
  }
  session.print({{"dataset", name}, {"files", files}}, [&](std::ostream& out) {
    out << name << ": " << files.size() << " files in " << folder.string() << ", checked\n";
  });
}

struct Flags {
  std::string name, out, from;
};

}  // namespace

void add_data(Command& vision) {
  Command data = vision.group("data", "Data sets of pictures.");
  auto f = std::make_shared<Flags>();
  Command c = data.subcommand("get", "Fetches the original files of a data set and checks them.");
  c.positional("NAME", f->name, "mnist, fashion-mnist or cifar10");
  c.option("--out", f->out, "folder that gets them", true);
  c.option("--from", f->from, "another address that has the same files");
  c.run([f](Session& session) { get(session, f->name, f->out, f->from); });
}

}  // namespace hanok::app
