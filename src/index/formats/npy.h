// The NumPy array file (https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html), one or two axes.
#pragma once

#include <string>
#include <string_view>

#include "index/formats/vectors_io.h"

namespace hanok::index::formats {

/// bytes: the whole file, which must live as long as the layout.
Layout npy_layout(std::string_view bytes, const std::string& name, size_t max_rows);
std::string make_npy(size_t dim, std::span<const float> values);

}  // namespace hanok::index::formats
