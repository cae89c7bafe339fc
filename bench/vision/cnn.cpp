// Pictures a second through a net that runs in hanok: what cnn_peers.py compares with PyTorch.
//
//   bench_cnn WEIGHTS.safetensors SIDE BATCH SECONDS     one line of JSON; WEIGHTS may be a run folder
#include <chrono>
#include <cstdio>
#include <cstdlib>

#include "base/random.h"
#include "hanok/error.h"
#include "nn/cnn/cnn.h"

namespace {

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

int run(const std::string& file, size_t side, size_t batch, double seconds) {
  using namespace hanok;
  const nn::Weights weights = nn::Weights::open_file(file);
  nn::VisionRun about = nn::Cnn::open(file).description();
  if (side) about.height = about.width = side;
  about.class_names.clear();
  const double loading = now();
  const nn::Cnn net(weights, about);
  const double loaded = now() - loading;
  base::Random random(1);
  std::vector<float> x(batch * net.in_shape().size());
  for (float& v : x) v = static_cast<float>(random.normal());
  (void)net.run(x, batch);
  double best = 1e30, sum = 0;
  for (size_t rounds = 0; rounds < 2 || sum < seconds; ++rounds) {
    const double begin = now();
    (void)net.run(x, batch);
    const double took = now() - begin;
    best = std::min(best, took);
    sum += took;
  }
  const double rate = static_cast<double>(batch) / best;
  std::printf(
      "{\"model\":\"%s\",\"side\":%zu,\"batch\":%zu,\"images_per_second\":%.2f,\"gflops\":%.1f,\"load_seconds\":%.2f}\n",
      about.model.c_str(), net.in_shape().height, batch, rate, 2e-9 * static_cast<double>(net.multiply_adds()) * rate,
      loaded);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) {
    std::fprintf(stderr, "usage: bench_cnn WEIGHTS SIDE BATCH SECONDS\n");
    return 2;
  }
  try {
    return run(argv[1], std::strtoul(argv[2], nullptr, 10), std::strtoul(argv[3], nullptr, 10), std::atof(argv[4]));
  } catch (const hanok::Error& e) {
    std::fprintf(stderr, "%s\n", e.what());
    return hanok::exit_status(e.code());
  }
}
