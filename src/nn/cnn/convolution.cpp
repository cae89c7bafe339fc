#include "nn/cnn/convolution.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "hanok/error.h"

namespace hanok::nn {
namespace {

struct Fold {
  std::vector<double> scale;
  std::vector<float> bias;
};

// What bias and batch norm make of `out` channels; no bias at all where there is neither.
Fold fold(const Weights& weights, const std::string& name, size_t out, const ConvolutionOptions& options) {
  Fold f{std::vector<double>(out, 1.0), {}};
  if (weights.find(name + ".bias")) f.bias = read_floats(weights.at(name + ".bias", {out}));
  if (options.norm.empty()) return f;
  f.bias.resize(out, 0.0f);
  const auto of_norm = [&](const char* part) { return read_floats(weights.at(options.norm + part, {out})); };
  const auto mean = of_norm(".running_mean"), variance = of_norm(".running_var"), shift = of_norm(".bias");
  // Some nets learn no gain: it is 1.
  const auto gain = weights.find(options.norm + ".weight") ? of_norm(".weight") : std::vector<float>(out, 1.0f);
  for (size_t o = 0; o < out; ++o) {
    f.scale[o] = gain[o] / std::sqrt(static_cast<double>(variance[o]) + options.norm_epsilon);
    f.bias[o] = static_cast<float>((static_cast<double>(f.bias[o]) - mean[o]) * f.scale[o] + shift[o]);
  }
  return f;
}

size_t out_side(size_t in, size_t kernel, const ConvolutionOptions& options, const std::string& name) {
  if (in + 2 * options.padding < kernel)
    throw Error(Code::Invalid, "convolution " + name + ": its window of " + std::to_string(kernel) +
                                   " does not fit in an input of " + std::to_string(in) + " with " +
                                   std::to_string(options.padding) + " around; the net needs larger pictures");
  return (in + 2 * options.padding - kernel) / options.stride + 1;
}

}  // namespace

Convolution::Convolution(const Weights& weights, const std::string& name, Shape in, const ConvolutionOptions& options)
    : in_(in), stride_(options.stride), padding_(options.padding), activation_(options.activation) {
  const Tensor* found = weights.find(name + ".weight");
  const std::vector<size_t> shape = found && found->shape.size() == 4 ? found->shape : std::vector<size_t>{0, 0, 0, 0};
  const Tensor& weight = weights.at(name + ".weight", {shape[0], in.channels, shape[2], shape[3]});
  const size_t out = shape[0], taps = shape[2] * shape[3], channels = in.channels;
  kernel_height_ = shape[2];
  kernel_width_ = shape[3];
  out_ = {out_side(in.height, kernel_height_, options, name), out_side(in.width, kernel_width_, options, name), out};
  Fold folded = fold(weights, name, out, options);
  packed_.pack_rows(
      out, taps * channels,
      [&](size_t row, float* to) {
        std::vector<float> from(taps * channels);
        read_floats(weight, row * from.size(), from.size(), from.data());
        for (size_t c = 0; c < channels; ++c)
          for (size_t t = 0; t < taps; ++t)
            to[t * channels + c] = static_cast<float>(from[c * taps + t] * folded.scale[row]);
      },
      std::move(folded.bias));
}

// Values [first, first + depth) of the window of output pixel `row`: kernel rows are runs of memory, cut at the
// borders.
void Convolution::window(const Values& in, size_t row, size_t first, size_t depth, float* to) const {
  const size_t picture = row / (out_.height * out_.width), pixel = row % (out_.height * out_.width);
  const auto top = static_cast<std::ptrdiff_t>(pixel / out_.width * stride_) - static_cast<std::ptrdiff_t>(padding_);
  const auto left = static_cast<std::ptrdiff_t>(pixel % out_.width * stride_) - static_cast<std::ptrdiff_t>(padding_);
  const auto channels = static_cast<std::ptrdiff_t>(in_.channels);
  const auto line = static_cast<std::ptrdiff_t>(in_.width) * channels;  // of the input, in floats
  const float* base = in.picture(picture);
  const size_t run = kernel_width_ * in_.channels;  // of a kernel row
  for (size_t k = first, end = first + depth; k < end;) {
    const size_t u = k / run, next = std::min(end, (u + 1) * run);
    const std::ptrdiff_t y = top + static_cast<std::ptrdiff_t>(u);
    const std::ptrdiff_t from = left * channels + static_cast<std::ptrdiff_t>(k - u * run);  // in line y
    const auto n = static_cast<std::ptrdiff_t>(next - k);
    if (y < 0 || y >= static_cast<std::ptrdiff_t>(in_.height)) {
      std::fill_n(to, n, 0.0f);
    } else {
      const std::ptrdiff_t begin = std::clamp<std::ptrdiff_t>(-from, 0, n);
      const std::ptrdiff_t stop = std::clamp<std::ptrdiff_t>(line - from, begin, n);
      std::fill_n(to, begin, 0.0f);
      std::memcpy(to + begin, base + y * line + from + begin, static_cast<size_t>(stop - begin) * sizeof(float));
      std::fill_n(to + stop, n - stop, 0.0f);
    }
    to += n;
    k = next;
  }
}

void Convolution::run(const Values& in, Values& out, bool accumulate) const {
  const size_t rows = in.count * out_.height * out_.width;
  const math::GemmOptions options{.accumulate = accumulate, .activation = activation_};
  if (kernel_height_ == 1 && kernel_width_ == 1 && stride_ == 1 && padding_ == 0)  // the input is the matrix
    return math::gemm(in.data.data(), in_.channels, rows, packed_, out.data.data(), out_.channels, options);
  const math::LeftSide windows = [&](size_t row, size_t count, size_t first, size_t depth, float* to) {
    for (size_t i = 0; i < count; ++i) window(in, row + i, first, depth, to + i * depth);
  };
  math::gemm(windows, rows, packed_, out.data.data(), out_.channels, options);
}

}  // namespace hanok::nn
