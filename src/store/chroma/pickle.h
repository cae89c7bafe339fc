// As much of Python's pickle format as is needed to read tables of strings and whole numbers: nothing is ever called.
#pragma once

#include <string_view>

#include "base/json.h"

namespace hanok::store::chroma {

/// The pickled value: dicts become objects (whole-number keys are written out), an instance becomes its state, what is
/// neither string, whole number nor dict becomes null. Throws Corrupt.
base::Json read_pickle(std::string_view bytes);

}  // namespace hanok::store::chroma
