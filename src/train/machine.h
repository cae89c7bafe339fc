// What the machine offers to a run: threads, precision, and whether others use it too.
#pragma once

#include <c10/core/Device.h>
#include <c10/core/ScalarType.h>

#include <cstddef>
#include <string>

namespace at {
class Tensor;
}

namespace hanok::train {

/// To be called first in main: libraries read these variables when they are loaded, so the program starts itself once
/// more with them. Values that somebody else set stay.
///
/// OMP_WAIT_POLICY=passive: threads that wait sleep. Waiting in a loop was measured to make a run 4 to 17 times slower
/// as soon as another program had work. GOMP_SPINCOUNT=2000: but only after some microseconds, which small layers are
/// done in (ResNet-18 on 32 x 32: a tenth to a quarter faster, and no slower beside another program).
///
/// ATEN_CPU_CAPABILITY=avx512 where the CPU has it: libtorch leaves it off on some (GELU in bfloat16: twice as fast).
///
/// GLIBC_TUNABLES: memory that is let go is kept for the next step, on large pages. Else the system takes the pages of
/// every large tensor back and clears them again (AlexNet: 1.7 times as fast forward, 1.4 times in training, for a
/// sixth more memory).
void prepare_environment(char** argv);

/// Threads of libtorch; 0: all cores. Its own default was 1 of 2 on a virtual machine.
void set_threads(size_t threads);

enum class Precision { Float32, BFloat16 };
std::string precision_name(Precision precision);
/// "auto", "float32", "bf16". auto: bfloat16 where a convolution on this device, forward and backward, is at least a
/// fifth faster in it; measured, which takes about a tenth of a second, and on CPUs only where they have instructions
/// for it. Throws Unsupported for "bf16" where the CPU's instructions are missing.
Precision choose_precision(const std::string& name, const c10::Device& device = c10::DeviceType::CPU);

/// Sets libtorch to compute products in bfloat16 while it lives, with weights kept in float32.
class Autocast {
 public:
  explicit Autocast(bool on, const c10::Device& device = c10::DeviceType::CPU);
  ~Autocast();
  Autocast(const Autocast&) = delete;
  Autocast& operator=(const Autocast&) = delete;

 private:
  bool on_, before_ = false;
  c10::DeviceType type_;
};

/// What products of x are computed in here: bfloat16 under an Autocast of its device, else x's own type.
c10::ScalarType type_of_products(const at::Tensor& x);

/// The share of a core that this process gets while it wants all of it, measured over `seconds`: 1 on a machine of its
/// own.
double share_of_core(double seconds = 0.1);

}  // namespace hanok::train
