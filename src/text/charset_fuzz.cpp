// Charset detection, normal forms and the token count on arbitrary bytes.
#include "text/charset.h"

#include <cstdint>
#include <cstdlib>

#include "hanok/text.h"
#include "text/utf8.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace hanok::text;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const std::string_view declared = bytes.substr(0, bytes.find('\n'));
  for (const auto& decoded : {to_utf8(bytes), to_utf8(bytes, declared)})
    if (decoded && !valid_utf8(decoded->text)) std::abort();
  const std::string composed = nfc(bytes);
  if (!valid_utf8(composed) || nfc(composed) != composed) std::abort();
  if (!valid_utf8(nfkc_casefold(bytes))) std::abort();
  if (count_tokens(bytes) > size) std::abort();
  const double share = hangul_share(bytes);
  if (!(share >= 0 && share <= 1)) std::abort();
  return 0;
}
