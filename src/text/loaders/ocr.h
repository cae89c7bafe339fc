// Text recognition (OCR) by tesseract, as a child process with limits.
#pragma once

#include <string>
#include <string_view>

#include "text/loaders/writer.h"

namespace hanok::text {

/// The words of a picture (PNG, JPEG, TIFF, ...) as tesseract reads them in LoadOptions::ocr_languages; a form feed
/// after each page of a TIFF. Throws Unavailable (tesseract or a language of it is not installed), Exhausted (it took
/// too long), Corrupt (no picture that it can read).
std::string recognise(const Source& source, std::string_view picture);

/// Page `number` of the PDF as recognise() reads it, drawn with 300 dots an inch.
std::string recognise_page(const Source& source, int number);

}  // namespace hanok::text
