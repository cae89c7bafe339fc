// Plain text and source code: the text as it is, but for words that a line end cuts in prose.
#include "base/ascii.h"
#include "text/loaders/hyphens.h"
#include "text/loaders/writer.h"

namespace hanok::text {

Document load_txt(const Source& source) {
  Writer out(source);
  const std::string text = decode_text(source);
  const std::string suffix = base::lower(source.suffix());
  const bool prose = suffix == ".txt" || suffix == ".text";
  out.text(prose ? join_hyphens(text) : text);
  return out.finish();
}

}  // namespace hanok::text
