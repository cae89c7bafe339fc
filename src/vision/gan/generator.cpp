#include "vision/gan/generator.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/random.h"
#include "hanok/error.h"
#include "vision/gan/dcgan.h"
#include "vision/gan/make_pictures.h"
#include "vision/models/models.h"
#include "vision/models/trained.h"

namespace hanok::vision {

std::vector<float> latents(size_t n, size_t latent, size_t categories, uint64_t seed) {
  base::Random random(seed);
  const size_t each = latent + categories;
  std::vector<float> out(n * each, 0);
  for (size_t i = 0; i < n; ++i) {
    for (size_t j = 0; j < latent; ++j) out[i * each + j] = static_cast<float>(random.normal());
    if (categories > 0) out[i * each + latent + random.below(categories)] = kDrawn;
  }
  return out;
}

std::vector<float> between(const std::vector<float>& a, const std::vector<float>& b, size_t steps) {
  double aa = 0, bb = 0, ab = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    aa += static_cast<double>(a[i]) * a[i];
    bb += static_cast<double>(b[i]) * b[i];
    ab += static_cast<double>(a[i]) * b[i];
  }
  const double angle = std::acos(std::clamp(ab / std::sqrt(std::max(aa * bb, 1e-30)), -1.0, 1.0));
  std::vector<float> out;
  for (size_t s = 0; s < steps; ++s) {
    const double t = steps > 1 ? static_cast<double>(s) / static_cast<double>(steps - 1) : 0;
    const bool straight = std::sin(angle) < 1e-6;
    const double of_a = straight ? 1 - t : std::sin((1 - t) * angle) / std::sin(angle);
    const double of_b = straight ? t : std::sin(t * angle) / std::sin(angle);
    for (size_t i = 0; i < a.size(); ++i) out.push_back(static_cast<float>(of_a * a[i] + of_b * b[i]));
  }
  return out;
}

MadePictures make_pictures(Layer& generator, size_t latent, const std::vector<float>& z) {
  constexpr size_t kTogether = 256;
  if (latent == 0 || z.size() % latent != 0)
    throw Error(Code::Invalid,
                std::to_string(z.size()) + " numbers are no whole latent vectors of " + std::to_string(latent));
  const torch::NoGradGuard no_grad;
  generator.eval();
  MadePictures out;
  const size_t n = z.size() / latent;
  for (size_t first = 0; first < n; first += kTogether) {
    const size_t count = std::min(kTogether, n - first);
    const Tensor noise = torch::from_blob(const_cast<float*>(z.data() + first * latent),
                                          {static_cast<int64_t>(count), static_cast<int64_t>(latent), 1, 1});
    const Tensor made = generator.forward(noise.clone().to(device_of(generator))).to(torch::kCPU);
    const Tensor bytes = ((made + 1) * 127.5).round().clamp(0, 255).to(torch::kByte).permute({0, 2, 3, 1}).contiguous();
    out.channels = static_cast<size_t>(made.size(1));
    out.height = static_cast<size_t>(made.size(2)), out.width = static_cast<size_t>(made.size(3));
    const auto* from = bytes.data_ptr<uint8_t>();
    out.pixels.insert(out.pixels.end(), from, from + bytes.numel());
  }
  return out;
}

struct Generator::Impl {
  GanRun run;
  std::shared_ptr<Sequence> net;
};

Generator::Generator(const std::filesystem::path& folder) : impl_(std::make_unique<Impl>()) {
  impl_->run = read_gan_run(folder);
  const WithoutInitialisation quick;
  impl_->net = make_generator(shape_of(impl_->run));
  load_weights(*impl_->net, nn::Weights::open_file(folder / "generator.safetensors"));
}
Generator::~Generator() = default;
Generator::Generator(Generator&&) noexcept = default;

const GanRun& Generator::run() const { return impl_->run; }

MadePictures Generator::make(const std::vector<float>& z) const {
  return make_pictures(*impl_->net, impl_->run.inputs(), z);
}

DcganShape shape_of(const GanRun& run) {
  return {.latent = static_cast<int64_t>(run.inputs()),
          .width = static_cast<int64_t>(run.width),
          .channels = static_cast<int64_t>(run.channels),
          .side = static_cast<int64_t>(run.side)};
}

std::vector<image::Image> images_of(const MadePictures& made) {
  std::vector<image::Image> out;
  for (size_t i = 0; i < made.size(); ++i) {
    const auto begin = made.pixels.begin() + static_cast<std::ptrdiff_t>(i * made.bytes_each());
    out.push_back({made.width, made.height, made.channels,
                   std::vector<uint8_t>(begin, begin + static_cast<std::ptrdiff_t>(made.bytes_each()))});
  }
  return out;
}

}  // namespace hanok::vision
