// 22: what each layer of a convolutional net does, in pictures: convolution with kernel, stride and padding; pooling;
// activations; fully connected; dropout; batch normalisation. Each on its own, written as a PNG.
// usage: 22_cnn_layers [FOLDER] [PICTURE]     default: 22_cnn_layers in the temporary folder; a house that is drawn
// here
#include <cmath>
#include <filesystem>
#include <iostream>

#include "hanok/image.h"
#include "image/lettering.h"
#include "vision/explain/colours.h"
#include "vision/models/layers.h"

namespace image = hanok::image;
namespace vision = hanok::vision;
using torch::Tensor;

std::filesystem::path folder;

// A house with a red roof, a door and a window under a blue sky: edges in every direction.
image::Image drawn_house() {
  constexpr size_t kSide = 64;
  image::Image out{kSide, kSide, 3, std::vector<uint8_t>(kSide * kSide * 3)};
  for (size_t y = 0; y < kSide; ++y)
    for (size_t x = 0; x < kSide; ++x) {
      const bool roof = y >= 10 && y < 30 && x + y >= 40 && x < y + 24, wall = y >= 30 && y < 56 && x >= 14 && x < 50;
      const bool door = wall && y >= 40 && x >= 28 && x < 36, window = wall && y >= 36 && y < 46 && x >= 40 && x < 46;
      const uint8_t colours[5][3] = {{120, 180, 240}, {70, 140, 60}, {190, 50, 40}, {225, 205, 160}, {80, 50, 30}};
      const size_t what = door || window ? 4 : wall ? 3 : roof ? 2 : y >= 56 ? 1 : 0;
      for (size_t c = 0; c < 3; ++c) out.pixels[out.at(x, y, c)] = colours[what][c];
    }
  return out;
}

// [1, 1, H, W], from 0 to 1.
Tensor brightness(const image::Image& picture) {
  const image::Image gray = image::to_gray(picture);
  const auto h = static_cast<int64_t>(gray.height), w = static_cast<int64_t>(gray.width);
  return torch::tensor(std::vector<float>(gray.pixels.begin(), gray.pixels.end())).view({1, 1, h, w}) / 255;
}

vision::Map map_of(const Tensor& maps, int64_t channel = 0) {
  const Tensor m = maps[0][channel].detach().contiguous();
  return {static_cast<size_t>(m.size(0)),
          static_cast<size_t>(m.size(1)),
          {m.data_ptr<float>(), m.data_ptr<float>() + m.numel()}};
}

// A map in gray, as large as the others, with words and its size below.
image::Image shown(const Tensor& maps, const std::string& words, int64_t channel = 0) {
  const vision::Map map = map_of(maps, channel);
  const size_t scale = std::max<size_t>(1, 256 / map.width);
  return image::labelled(vision::enlarge(vision::gray(map), scale),
                         words + " " + std::to_string(map.height) + "x" + std::to_string(map.width));
}

void write(const std::string& name, const std::vector<image::Image>& pictures, size_t columns = 4) {
  const auto file = folder / (name + ".png");
  image::write_png_file(file, image::sheet(pictures, {.columns = std::min(pictures.size(), columns), .gap = 8}));
  std::cout << "  " << file.filename().string() << "\n";
}

std::string size_of(const Tensor& t) {
  std::string out;
  for (const int64_t n : t.sizes()) out += (out.empty() ? "[" : ", ") + std::to_string(n);
  return out + "]";
}

vision::Conv convolution(const std::vector<float>& kernel, int64_t size, int64_t stride, int64_t padding) {
  vision::Conv conv(1, 1, {.kernel = size, .stride = stride, .padding = padding, .bias = false});
  conv.weight.set_data(torch::tensor(kernel).view({1, 1, size, size}));
  return conv;
}

const std::vector<float> kUpright = {-1, 0, 1, -2, 0, 2, -1, 0, 1};  // Sobel's: brighter to the right

Tensor show_convolution(const Tensor& x) {
  std::cout << "convolution of " << size_of(x) << "\n";
  const std::vector<float> level = {-1, -2, -1, 0, 0, 0, 1, 2, 1}, blur(25, 1.f / 25),
                           sharpen = {0, -1, 0, -1, 5, -1, 0, -1, 0};
  const Tensor edges = convolution(kUpright, 3, 1, 1).forward(x);
  write("1-kernels", {shown(x, "picture"), shown(edges, "upright edges"),
                      shown(convolution(level, 3, 1, 1).forward(x), "level edges"),
                      shown(convolution(blur, 5, 1, 2).forward(x), "blur 5x5"),
                      shown(convolution(sharpen, 3, 1, 1).forward(x), "sharpen")});
  std::vector<image::Image> sizes;
  for (const auto& [stride, padding] : {std::pair{1, 0}, {1, 1}, {2, 1}, {4, 1}}) {
    const Tensor y = convolution(kUpright, 3, stride, padding).forward(x);
    std::cout << "  kernel 3, stride " << stride << ", padding " << padding << ": " << size_of(y) << "\n";
    sizes.push_back(shown(y, "stride " + std::to_string(stride) + " padding " + std::to_string(padding)));
  }
  write("2-stride-and-padding", sizes);
  return edges;
}

void show_pools(const Tensor& x) {
  const Tensor most = vision::MaxPool(4, 4).forward(x), mean = vision::AveragePool(4).forward(x);
  std::cout << "pooling 4x4: " << size_of(x) << " -> " << size_of(most) << "\n";
  write("3-pooling", {shown(x, "picture"), shown(most, "max 4x4"), shown(mean, "mean 4x4")});
}

void show_activations(const Tensor& edges) {
  const Tensor relu = vision::Relu().forward(edges.clone()), leaky = vision::LeakyRelu(0.2).forward(edges.clone()),
               sigmoid = vision::Sigmoid().forward(edges);
  const auto range = [](const Tensor& t) {
    return std::to_string(t.min().item<float>()) + " to " + std::to_string(t.max().item<float>());
  };
  std::cout << "edges: " << range(edges) << "\n  relu: " << range(relu) << "\n  leaky relu: " << range(leaky)
            << "\n  sigmoid: " << range(sigmoid) << "\n";
  write("4-activations",
        {shown(edges, "edges"), shown(relu, "relu"), shown(leaky, "leaky relu .2"), shown(sigmoid, "sigmoid")});
}

// Three outputs, each the sum of pixels times weights: brightness on the left, above, and in the middle.
void show_fully_connected(const Tensor& x) {
  const int64_t h = x.size(2), w = x.size(3);
  vision::Linear linear(h * w, 3);
  const Tensor across = torch::linspace(1, -1, w).expand({h, w}),
               down = torch::linspace(1, -1, h).view({h, 1}).expand({h, w});
  const Tensor middle = ((across.square() + down.square()) < 0.25).to(torch::kFloat);
  const Tensor weights = torch::stack({across, down, middle});
  linear.weight.set_data(weights.reshape({3, h * w}) / static_cast<double>(h * w));
  linear.bias.set_data(torch::zeros({3}));
  const Tensor y = linear.forward(vision::Flatten().forward(x));
  std::cout << "fully connected: " << size_of(x) << " -> " << h * w << " numbers -> " << size_of(y) << "\n";
  std::vector<image::Image> pictures{shown(x, "picture")};
  const char* names[] = {"left - right", "top - bottom", "middle"};
  for (int64_t i = 0; i < 3; ++i) {
    std::cout << "  " << names[i] << ": " << y[0][i].item<float>() << "\n";
    const auto weight_map = vision::signed_colours(map_of(weights.unsqueeze(0), i));
    pictures.push_back(image::labelled(vision::enlarge(weight_map, static_cast<size_t>(256 / w)), names[i]));
  }
  write("5-fully-connected", pictures);
}

void show_dropout(const Tensor& x) {
  torch::manual_seed(22);
  vision::Dropout dropout(0.5);
  const Tensor first = dropout.forward(x), second = dropout.forward(x);
  dropout.eval();
  const Tensor tried = dropout.forward(x);
  std::cout << "dropout .5: mean " << x.mean().item<float>() << ", while training " << first.mean().item<float>()
            << " and " << second.mean().item<float>() << ", afterwards " << tried.mean().item<float>() << "\n";
  write("6-dropout",
        {shown(x, "picture"), shown(first, "training"), shown(second, "again"), shown(tried, "afterwards")});
}

// The same picture dark, pale, and inverted: a batch of three, of which each keeps its pattern and the whole gets mean
// 0 and deviation 1.
void show_batch_norm(const Tensor& x) {
  const Tensor batch = torch::cat({x * 0.3, x * 0.3 + 0.6, 1 - x});
  vision::BatchNorm norm(1);
  const Tensor y = norm.forward(batch);
  std::cout << "batch normalisation: mean " << batch.mean().item<float>() << ", deviation " << batch.std().item<float>()
            << " -> " << std::round(1000 * y.mean().item<float>()) / 1000 << ", " << y.std().item<float>()
            << "; running mean " << norm.running_mean.item<float>() << "\n";
  std::vector<image::Image> pictures;
  for (const auto& [t, when] : {std::pair{batch, "before"}, {y, "after"}})
    for (int64_t i = 0; i < 3; ++i) {
      // One scale for all six, from -2.5 to 2.5: before, half of it is never used.
      const Tensor unit = (t.slice(0, i, i + 1) + 2.5) / 5;
      pictures.push_back(image::labelled(vision::enlarge(vision::heat(map_of(unit)), 4), when));
    }
  write("7-batch-normalisation", pictures, 3);
}

int main(int argc, char** argv) {
  folder = argc > 1 ? std::filesystem::path(argv[1]) : std::filesystem::temp_directory_path() / "22_cnn_layers";
  std::filesystem::create_directories(folder);
  const torch::NoGradGuard no_training;
  const Tensor x = brightness(argc > 2 ? image::resize(image::crop_to_ratio(image::read_file(argv[2]), 1, 1), 64, 64)
                                       : drawn_house());
  const Tensor edges = show_convolution(x);
  show_pools(x);
  show_activations(edges);
  show_fully_connected(x);
  show_dropout(x);
  show_batch_norm(x);
  std::cout << "seven sheets in " << folder.string() << "\n";
}
