#include "nn/safetensors_writer.h"

#include <cstring>
#include <set>

#include "base/file.h"
#include "base/json.h"
#include "hanok/error.h"

namespace hanok::nn {

void write_safetensors(const std::filesystem::path& file, std::span<const Tensor> tensors,
                       const std::map<std::string, std::string>& metadata) {
  base::OrderedJson header = base::OrderedJson::object();
  if (!metadata.empty()) header["__metadata__"] = metadata;
  std::set<std::string> names;
  size_t at = 0;
  for (const Tensor& t : tensors) {
    const std::string what = file.string() + ": tensor '" + t.name + "'";
    if (t.name.empty() || t.name == "__metadata__" || !names.insert(t.name).second)
      throw Error(Code::Invalid, what + ": a name of its own was expected");
    if (t.type == DType::Blocks || bits(t.type) < 8)
      throw Error(Code::Invalid, what + ": the format has no values of this kind");
    if (t.count() * bits(t.type) / 8 != t.bytes.size())
      throw Error(Code::Invalid, what + ": " + describe(t) + " has " + std::to_string(t.count() * bits(t.type) / 8) +
                                     " bytes, found " + std::to_string(t.bytes.size()));
    header[t.name] = {
        {"dtype", std::string(name(t.type))}, {"shape", t.shape}, {"data_offsets", {at, at + t.bytes.size()}}};
    at += t.bytes.size();
  }
  std::string head = base::dump_json(header);
  head.append((8 - head.size() % 8) % 8, ' ');
  std::string length(8, '\0');
  for (size_t i = 0; i < 8; ++i) length[i] = static_cast<char>(head.size() >> (8 * i));
  std::vector<std::string_view> pieces = {length, head};
  for (const Tensor& t : tensors) pieces.emplace_back(reinterpret_cast<const char*>(t.bytes.data()), t.bytes.size());
  base::write_file_atomic(file, pieces);
}

}  // namespace hanok::nn
