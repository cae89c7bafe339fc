#include "train/parallel.h"

#include <cstdlib>
#include <string>

#include "hanok/error.h"
#include "train/weights.h"
#if defined(USE_C10D_GLOO) || defined(USE_C10D_NCCL)
#define HANOK_C10D
#include <torch/csrc/distributed/c10d/TCPStore.hpp>
#endif
#ifdef USE_C10D_GLOO
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#endif
#ifdef USE_C10D_NCCL
#include <torch/csrc/distributed/c10d/ProcessGroupNCCL.hpp>
#endif

namespace hanok::train {
namespace {

long number_of(const char* name, long least, long most) {
  const char* text = std::getenv(name);
  char* end = nullptr;
  const long value = text ? std::strtol(text, &end, 10) : 0;
  if (!text || end == text || *end || value < least || value > most)
    throw Error(Code::Invalid, std::string(name) + ": a whole number from " + std::to_string(least) + " to " +
                                   std::to_string(most) + " was expected beside WORLD_SIZE, found '" +
                                   (text ? text : "") + "'; torchrun sets all of them");
  return value;
}

constexpr long kMostRanks = 4096, kMostPort = 65535;

[[noreturn, maybe_unused]] void nothing_that_sums(const c10::Device& device) {
  throw Error(Code::Unsupported,
              device.is_cuda()
                  ? "WORLD_SIZE is set, and this hanok-train was built without NCCL: its headers and those of "
                    "CUDA were not beside libtorch's; --device cpu does without, or take one process"
                  : "WORLD_SIZE is set, and this hanok-train was built without Gloo: install libgloo-dev "
                    "and build it with the distribution's libtorch");
}

}  // namespace

#ifdef HANOK_C10D

// Version 2 has another base for what sums.
#if TORCH_VERSION_MAJOR >= 2
using Backend = c10d::Backend;
#else
using Backend = c10d::ProcessGroup;
#endif

struct Parallel::Group {
  c10::intrusive_ptr<c10d::TCPStore> store;
  c10::intrusive_ptr<Backend> backend;
  c10::Device device = c10::DeviceType::CPU;
};

namespace {

c10::intrusive_ptr<Backend> backend_on(const c10::Device& device, const c10::intrusive_ptr<c10d::TCPStore>& store,
                                       int rank, int size, [[maybe_unused]] const std::string& host) {
#ifdef USE_C10D_NCCL
  if (device.is_cuda())
    return c10::make_intrusive<c10d::ProcessGroupNCCL>(store, rank, size, c10d::ProcessGroupNCCL::Options::create());
#endif
#ifdef USE_C10D_GLOO
  if (device.is_cpu()) {
    const auto gloo = c10d::ProcessGroupGloo::Options::create();
    gloo->devices.push_back(c10d::ProcessGroupGloo::createDeviceForHostname(host));
    gloo->timeout = std::chrono::minutes(30);  // one process may evaluate while the others wait
    return c10::make_intrusive<c10d::ProcessGroupGloo>(store, rank, size, gloo);
  }
#endif
  nothing_that_sums(device);
}

}  // namespace

std::unique_ptr<Parallel> Parallel::from_environment(const c10::Device& device) {
  if (!std::getenv("WORLD_SIZE")) return nullptr;
  const long size = number_of("WORLD_SIZE", 1, kMostRanks);
  if (size == 1) return nullptr;
  const long rank = number_of("RANK", 0, size - 1), port = number_of("MASTER_PORT", 1, kMostPort);
  const char* address = std::getenv("MASTER_ADDR");
  const std::string host = address && *address ? address : "127.0.0.1";
  std::unique_ptr<Parallel> out(new Parallel);
  out->rank_ = static_cast<size_t>(rank), out->size_ = static_cast<size_t>(size);
  out->group_ = std::make_unique<Group>();
  out->group_->device = device;
  try {
    c10d::TCPStoreOptions options;
    options.port = static_cast<std::uint16_t>(port);
    options.isServer = rank == 0;
    options.numWorkers = static_cast<std::size_t>(size);
    options.timeout = std::chrono::minutes(1);
    // torchrun's own process serves the store; it says so.
    if (const char* agent = std::getenv("TORCHELASTIC_USE_AGENT_STORE"); agent && std::string(agent) == "True")
      options.isServer = false;
    out->group_->store = c10::make_intrusive<c10d::TCPStore>(host, options);
    out->group_->backend = backend_on(device, out->group_->store, static_cast<int>(rank), static_cast<int>(size), host);
  } catch (const Error&) {
    throw;
  } catch (const std::exception& e) {
    const std::string what = e.what();
    throw Error(Code::Unavailable, "rank " + std::to_string(rank) + " of " + std::to_string(size) + " at " + host +
                                       ":" + std::to_string(port) +
                                       ": the processes did not find each other: " + what.substr(0, what.find('\n')));
  }
  return out;
}

namespace {

// Waits for what all processes do together.
template <typename Work>
void together(const Work& work) {
  try {
    work()->wait();
  } catch (const std::exception& e) {
    const std::string what = e.what();
    throw Error(Code::Unavailable, "another process of this run is gone, or cannot be reached (" +
                                       what.substr(0, what.find('\n')) +
                                       "); begin all of them again with --resume, they go on from the last checkpoint");
  }
}

}  // namespace

void Parallel::sum(const std::vector<torch::Tensor>& tensors) {
  // One message of each kind of number: a few large ones are faster than many small ones.
  const torch::NoGradGuard no_grad;
  std::vector<torch::Tensor> flat;
  for (const auto& t : tensors) flat.push_back(t.reshape({-1}));
  std::vector<torch::Tensor> all = {torch::cat(flat).to(group_->device)};
  together([&] { return group_->backend->allreduce(all); });
  int64_t at = 0;
  for (const auto& t : tensors) {
    t.copy_(all[0].narrow(0, at, t.numel()).view(t.sizes()));
    at += t.numel();
  }
}

void Parallel::share_first(torch::nn::Module& module) {
  const torch::NoGradGuard no_grad;
  for (auto& [name, t] : state_of(module)) {
    std::vector<torch::Tensor> one = {t.contiguous().to(group_->device)};
    together([&] { return group_->backend->broadcast(one); });
    t.copy_(one[0]);
  }
}

#else

struct Parallel::Group {};
std::unique_ptr<Parallel> Parallel::from_environment(const c10::Device& device) {
  if (!std::getenv("WORLD_SIZE") || number_of("WORLD_SIZE", 1, kMostRanks) == 1) return nullptr;
  nothing_that_sums(device);
}
void Parallel::sum(const std::vector<torch::Tensor>&) {}
void Parallel::share_first(torch::nn::Module&) {}

#endif

Parallel::~Parallel() = default;

}  // namespace hanok::train
