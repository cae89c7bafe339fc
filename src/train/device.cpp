#include "train/device.h"

#include <charconv>
#include <cstdlib>
#include <optional>

#include "hanok/error.h"
#include "train/torch.h"

namespace hanok::train {
namespace {

// The number in a text, nothing where it is none.
std::optional<int> number_in(std::string_view text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size() || value < 0) return std::nullopt;
  return value;
}

[[noreturn]] void no_gpu(const std::string& name) {
#ifdef HANOK_TORCH_HAS_CUDA
  throw Error(Code::Unsupported, "--device " + name +
                                     ": libtorch has CUDA and finds no GPU: an NVIDIA GPU and its driver are needed "
                                     "(nvidia-smi lists what there is); --device cpu works without");
#else
  throw Error(Code::Unsupported,
              "--device " + name +
                  ": this hanok-train was built with a libtorch for CPUs only; build it with one that "
                  "has CUDA (-DHANOK_TORCH=FOLDER), or leave --device out");
#endif
}

}  // namespace

c10::Device choose_device(const std::string& name) {
  if (name == "cpu") return {c10::DeviceType::CPU};
  const bool there = torch::cuda::is_available();
  if (name == "auto" && !there) return {c10::DeviceType::CPU};
  std::optional<int> index;
  if (name == "auto" || name == "cuda") {
    const char* rank = std::getenv("LOCAL_RANK");
    index = rank ? number_in(rank) : 0;
    if (!index)
      throw Error(Code::Invalid, std::string("LOCAL_RANK: a whole number was expected, found '") + rank + "'");
  } else if (name.starts_with("cuda:")) {
    index = number_in(std::string_view(name).substr(5));
  }
  if (!index) throw Error(Code::Invalid, "--device '" + name + "': auto, cpu, cuda or cuda:NUMBER was expected");
  if (!there) no_gpu(name);
  const auto count = static_cast<int>(torch::cuda::device_count());
  if (*index >= count)
    throw Error(Code::Invalid, "--device " + name + ": GPU " + std::to_string(*index) +
                                   " was asked for, and there are " + std::to_string(count) + ", counted from 0");
  return {c10::DeviceType::CUDA, static_cast<c10::DeviceIndex>(*index)};
}

void finish(const c10::Device& device) {
  if (device.is_cuda()) torch::cuda::synchronize(device.index());
}

}  // namespace hanok::train
