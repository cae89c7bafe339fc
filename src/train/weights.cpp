#include "train/weights.h"

#include <cstring>

#include "base/file.h"
#include "hanok/error.h"
#include "nn/safetensors.h"
#include "nn/safetensors_writer.h"

namespace hanok::train {
namespace {

struct TypePair {
  nn::DType ours;
  torch::ScalarType theirs;
};
constexpr TypePair kTypes[] = {{nn::DType::F32, torch::kFloat}, {nn::DType::F64, torch::kDouble},
                               {nn::DType::I64, torch::kLong},  {nn::DType::BF16, torch::kBFloat16},
                               {nn::DType::F16, torch::kHalf},  {nn::DType::U8, torch::kByte}};

void walk(const torch::nn::Module& module, const std::string& prefix, NamedTensors& out) {
  for (const auto& item : module.named_parameters(false)) out.emplace_back(prefix + item.key(), item.value());
  for (const auto& item : module.named_buffers(false)) out.emplace_back(prefix + item.key(), item.value());
  for (const auto& child : module.named_children()) walk(*child.value(), prefix + child.key() + ".", out);
}

std::string shape_text(at::IntArrayRef shape) {
  std::string out = "[";
  for (const int64_t n : shape) out += (out.size() > 1 ? ", " : "") + std::to_string(n);
  return out + "]";
}

}  // namespace

NamedTensors state_of(const torch::nn::Module& module) {
  NamedTensors out;
  walk(module, "", out);
  return out;
}

void save_tensors(const std::filesystem::path& file, const NamedTensors& tensors,
                  const std::map<std::string, std::string>& metadata) {
  std::vector<torch::Tensor> held;  // as long as the views below
  std::vector<nn::Tensor> views;
  for (const auto& [name, tensor] : tensors) {
    const torch::Tensor t = tensor.detach().to(torch::kCPU).contiguous();
    nn::Tensor view{.name = name};
    bool known = false;
    for (const auto& type : kTypes)
      if (type.theirs == t.scalar_type()) view.type = type.ours, known = true;
    if (!known) throw Error(Code::Internal, file.string() + ": tensor '" + name + "' is of a type that is not written");
    for (const int64_t n : t.sizes()) view.shape.push_back(static_cast<size_t>(n));
    view.bytes = {static_cast<const std::byte*>(t.data_ptr()), t.nbytes()};
    views.push_back(std::move(view));
    held.push_back(t);
  }
  nn::write_safetensors(file, views, metadata);
}

std::map<std::string, std::string> read_metadata(const std::filesystem::path& file) {
  const base::MappedFile map(file);  // of which only the head is touched
  return nn::read_safetensors(map.bytes(), file.string()).metadata;
}

NamedTensors load_tensors(const std::filesystem::path& file, std::map<std::string, std::string>* metadata) {
  const base::MappedFile map(file);
  const auto header = nn::read_safetensors(map.bytes(), file.string());
  if (metadata) *metadata = header.metadata;
  NamedTensors out;
  for (const auto& t : header.tensors) {
    std::vector<int64_t> shape(t.shape.begin(), t.shape.end());
    const TypePair* found = nullptr;
    for (const auto& type : kTypes)
      if (type.ours == t.type) found = &type;
    if (!found) throw Error(Code::Unsupported, file.string() + ": tensor '" + t.name + "' is " + nn::describe(t));
    torch::Tensor tensor = torch::empty(shape, found->theirs);
    if (!t.bytes.empty()) std::memcpy(tensor.data_ptr(), t.bytes.data(), t.bytes.size());
    out.emplace_back(t.name, tensor);
  }
  return out;
}

void load_state(torch::nn::Module& module, const NamedTensors& tensors, const std::string& what) {
  const torch::NoGradGuard no_grad;
  std::map<std::string, torch::Tensor> given(tensors.begin(), tensors.end());
  for (auto& [name, mine] : state_of(module)) {
    const auto found = given.find(name);
    if (found == given.end()) {
      if (name.ends_with("num_batches_tracked")) continue;
      throw Error(Code::Corrupt, what + ": has no tensor '" + name + "' " + shape_text(mine.sizes()));
    }
    if (found->second.sizes() != mine.sizes())
      throw Error(Code::Corrupt, what + ": tensor '" + name + "': " + shape_text(mine.sizes()) +
                                     " was expected, found " + shape_text(found->second.sizes()));
    mine.copy_(found->second);
    given.erase(found);
  }
  if (!given.empty())
    throw Error(Code::Corrupt, what + ": tensor '" + given.begin()->first + "' belongs to no part of this net");
}

}  // namespace hanok::train
