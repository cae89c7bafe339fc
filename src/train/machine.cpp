#include "train/machine.h"

#include <time.h>
#include <unistd.h>

#include <cstdlib>
#include <limits>

#include <ATen/autocast_mode.h>

#include "base/clock.h"
#include "base/process.h"
#include "base/threads.h"
#include "hanok/error.h"
#include "math/cpu.h"
#include "train/device.h"
#include "train/torch.h"

namespace hanok::train {
namespace {

constexpr const char* kPrepared = "HANOK_TRAIN_PREPARED";  // it has started itself once more: never twice
// No mapping of its own for any block, nothing given back, and 2 MB pages asked for (madvise).
constexpr const char* kAllocator =
    "glibc.malloc.mmap_max=0:glibc.malloc.trim_threshold=1099511627776:glibc.malloc.top_pad=67108864:"
    "glibc.malloc.hugetlb=1";

double cpu_seconds() {
  timespec t{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

double seconds_of_convolution(torch::ScalarType type, const c10::Device& device) {
  const auto options = torch::TensorOptions().dtype(type).device(device);
  auto x = torch::randn({32, 64, 16, 16}).to(options).contiguous(torch::MemoryFormat::ChannelsLast).requires_grad_();
  auto w = torch::randn({64, 64, 3, 3}).to(options).contiguous(torch::MemoryFormat::ChannelsLast).requires_grad_();
  double best = std::numeric_limits<double>::infinity();
  for (int i = 0; i < 4; ++i) {  // the first makes the kernels
    const base::Stopwatch watch;
    torch::conv2d(x, w, {}, 1, 1).sum().backward();
    finish(device);
    best = std::min(best, watch.seconds());
  }
  return best;
}

}  // namespace

void prepare_environment(char** argv) {
  if (std::getenv(kPrepared)) return;
  ::setenv(kPrepared, "1", 1);
  ::setenv("OMP_WAIT_POLICY", "passive", 0);
  ::setenv("GOMP_SPINCOUNT", "2000", 0);
  ::setenv("GLIBC_TUNABLES", kAllocator, 0);
  if (math::features().has(math::Feature::Avx512)) ::setenv("ATEN_CPU_CAPABILITY", "avx512", 0);
  const std::string self = base::program_file();
  if (!self.empty()) ::execv(self.c_str(), argv);  // where that fails it runs as it is
}

void set_threads(size_t threads) { at::set_num_threads(static_cast<int>(threads ? threads : base::default_threads())); }

std::string precision_name(Precision precision) { return precision == Precision::BFloat16 ? "bf16" : "float32"; }

Precision choose_precision(const std::string& name, const c10::Device& device) {
  if (name == "float32") return Precision::Float32;
  const bool has = device.is_cuda() || math::features().has(math::Feature::Bf16);
  if (name == "bf16" && !has)
    throw Error(Code::Unsupported, "--precision bf16: this CPU (" + math::features_name(math::features()) +
                                       ") has no instructions for bfloat16 and would be slower in it; use float32");
  if (name == "bf16") return Precision::BFloat16;
  if (name != "auto") throw Error(Code::Invalid, "precision '" + name + "': auto, float32 or bf16 was expected");
  constexpr double kGain = 1.2;
  if (!has) return Precision::Float32;
  const double plain = seconds_of_convolution(torch::kFloat, device);
  return plain > kGain * seconds_of_convolution(torch::kBFloat16, device) ? Precision::BFloat16 : Precision::Float32;
}

// libtorch 2.4 gave these functions a device.
#if TORCH_VERSION_MAJOR > 2 || (TORCH_VERSION_MAJOR == 2 && TORCH_VERSION_MINOR >= 4)
Autocast::Autocast(bool on, const c10::Device& device) : on_(on), type_(device.type()) {
  if (!on_) return;
  before_ = at::autocast::is_autocast_enabled(type_);
  at::autocast::set_autocast_enabled(type_, true);
  at::autocast::set_autocast_dtype(type_, at::kBFloat16);
  at::autocast::increment_nesting();
}
Autocast::~Autocast() {
  if (!on_) return;
  if (at::autocast::decrement_nesting() == 0) at::autocast::clear_cache();
  at::autocast::set_autocast_enabled(type_, before_);
}
c10::ScalarType type_of_products(const at::Tensor& x) {
  const auto device = x.device().type();
  return at::autocast::is_autocast_enabled(device) ? at::autocast::get_autocast_dtype(device) : x.scalar_type();
}
#else
Autocast::Autocast(bool on, const c10::Device& device) : on_(on), type_(device.type()) {
  if (!on_) return;
  const bool gpu = type_ == c10::DeviceType::CUDA;
  before_ = gpu ? at::autocast::is_enabled() : at::autocast::is_cpu_enabled();
  gpu ? at::autocast::set_enabled(true) : at::autocast::set_cpu_enabled(true);
  gpu ? at::autocast::set_autocast_gpu_dtype(at::kBFloat16) : at::autocast::set_autocast_cpu_dtype(at::kBFloat16);
  at::autocast::increment_nesting();
}
Autocast::~Autocast() {
  if (!on_) return;
  if (at::autocast::decrement_nesting() == 0) at::autocast::clear_cache();
  type_ == c10::DeviceType::CUDA ? at::autocast::set_enabled(before_) : at::autocast::set_cpu_enabled(before_);
}
c10::ScalarType type_of_products(const at::Tensor& x) {
  if (x.is_cuda()) return at::autocast::is_enabled() ? at::autocast::get_autocast_gpu_dtype() : x.scalar_type();
  return at::autocast::is_cpu_enabled() ? at::autocast::get_autocast_cpu_dtype() : x.scalar_type();
}
#endif

double share_of_core(double seconds) {
  const base::Stopwatch watch;
  const double before = cpu_seconds();
  volatile uint64_t sink = 0;
  while (watch.seconds() < seconds)
    for (int i = 0; i < 1000; ++i) sink = sink + 1;
  return std::min(1.0, (cpu_seconds() - before) / watch.seconds());
}

}  // namespace hanok::train
