// Notebooks from hostile bytes. The first byte selects where they stand: 0 the file, 1 the list of cells, 2 the text of
// a Markdown cell, 3 what a piece of code printed (of 2 and 3 the JSON is sound).
#include <cstdint>
#include <nlohmann/json.hpp>

#include "text/loaders/fuzzing.h"

namespace {

// As a string of JSON; bytes that are no UTF-8 become replacement characters.
std::string quoted(const std::string& bytes) {
  return nlohmann::json(bytes).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using hanok::text::load_hostile;
  if (size == 0) return 0;
  const std::string bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 4) {
    case 0:
      load_hostile("a.ipynb", bytes);
      break;
    case 1:
      load_hostile("a.ipynb", R"({"nbformat": 4, "cells": [)" + bytes + "]}");
      break;
    case 2:
      load_hostile("a.ipynb",
                   R"({"cells": [{"cell_type": "code", "source": "x = 1"}, {"cell_type": "markdown", "source": )" +
                       quoted(bytes) + "}]}");
      break;
    default:
      load_hostile("a.ipynb", R"({"cells": [{"cell_type": "code", "source": ["x"], "outputs": [{"text": )" +
                                  quoted(bytes) + "}]}]}");
  }
  return 0;
}
