// Any adapter folder, its two files parted by a zero byte: it loads, or is an Error.
#include <cstdint>
#include <string>

#include "base/file.h"
#include "hanok/error.h"
#include "lm/adapter.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace hanok;
  static const base::TempFolder folder;
  static const lm::DecoderPlan plan = [] {
    lm::DecoderPlan p;
    p.width = 8, p.layers = 1, p.heads = 2, p.kv_heads = 1, p.head_dim = 4, p.inner = 8, p.vocabulary = 8;
    p.layer.resize(1);
    return p;
  }();
  const std::string_view all(reinterpret_cast<const char*>(data), size);
  const size_t parted = all.find('\0');
  if (parted == std::string_view::npos) return 0;
  base::write_file_atomic(folder.path() / "adapter_config.json", all.substr(0, parted));
  base::write_file_atomic(folder.path() / "adapter_model.safetensors", all.substr(parted + 1));
  try {
    (void)lm::Adapter::load(folder.path(), plan);
  } catch (const Error&) {
  }
  return 0;
}
