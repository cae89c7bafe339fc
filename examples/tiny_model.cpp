// Writes a language model with random weights for examples 01 to 04, 13, 14 and 16, which say nothing sensible with it
// but do all that they do. usage: tiny_model FOLDER
#include <filesystem>
#include <iostream>

#include "lm/tiny_model.h"

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  std::filesystem::create_directories(argv[1]);
  std::cout << hanok::lm::write_tiny_model(argv[1], 1, 768).string() << "\n";
}
