// Writes a language model with random weights for examples 01 to 04, 13, 14 and 16, which say nothing sensible with it
// but do all that they do. usage: tiny_model FOLDER [POSITIONS]
#include <cstdlib>
#include <filesystem>
#include <iostream>

#include "lm/tiny_model.h"

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  std::filesystem::create_directories(argv[1]);
  constexpr int kUsual = 768;  // tokens of a conversation
  const int positions = argc > 2 ? std::atoi(argv[2]) : kUsual;
  std::cout << hanok::lm::write_tiny_model(argv[1], 1, positions).string() << "\n";
}
