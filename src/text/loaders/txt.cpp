// Plain text and source code: the text as it is.
#include "text/loaders/writer.h"

namespace hanok::text {

Document load_txt(const Source& source) {
  Writer out(source);
  out.text(decode_text(source));
  return out.finish();
}

}  // namespace hanok::text
