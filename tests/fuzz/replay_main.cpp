// Runs a fuzz target over every file of the folders and files named: the corpus as an ordinary test, no clang needed.
// Each input is also tried cut in half and with some bytes flipped (seeded), so that old seeds keep finding new paths.
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace {

constexpr int kMutations = 24;

void run(const std::string& bytes) {
  // An exact heap copy, so that the address sanitizer sees a read one past the end.
  const std::vector<uint8_t> copy(bytes.begin(), bytes.end());
  LLVMFuzzerTestOneInput(copy.data(), copy.size());
}

void run_with_mutations(std::string bytes) {
  run(bytes);
  run(bytes.substr(0, bytes.size() / 2));
  uint64_t state = 0x9E3779B97F4A7C15u ^ bytes.size();
  for (int i = 0; i < kMutations && !bytes.empty(); ++i) {
    std::string mutant = bytes;
    for (int flips = 0; flips < 1 + i / 4; ++flips) {
      state = state * 6364136223846793005u + 1442695040888963407u;
      mutant[(state >> 33) % mutant.size()] = static_cast<char>(state >> 24);
    }
    run(mutant);
  }
}

}  // namespace

int main(int argc, char** argv) {
  size_t files = 0;
  for (int i = 1; i < argc; ++i) {
    std::vector<std::filesystem::path> paths;
    if (std::filesystem::is_directory(argv[i]))
      for (const auto& entry : std::filesystem::recursive_directory_iterator(argv[i]))
        if (entry.is_regular_file()) paths.push_back(entry.path());
    if (std::filesystem::is_regular_file(argv[i])) paths.emplace_back(argv[i]);
    for (const auto& path : paths) {
      std::ifstream in(path, std::ios::binary);
      run_with_mutations(std::string(std::istreambuf_iterator<char>(in), {}));
      ++files;
    }
  }
  if (files == 0) {
    std::fprintf(stderr, "no corpus files in the folders given\n");
    return 1;
  }
  std::printf("%zu corpus files replayed\n", files);
}
