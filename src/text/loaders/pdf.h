// The part of the PDF loader that works on what pdftotext printed.
#pragma once

#include <string_view>

#include "text/loaders/writer.h"

namespace hanok::text {

/// Pages end with a form feed.
void write_pages(std::string_view printed, Writer& out);

}  // namespace hanok::text
