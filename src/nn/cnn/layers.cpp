#include "nn/cnn/layers.h"

#include <algorithm>
#include <cstring>

#include "base/threads.h"
#include "hanok/error.h"
#include "math/rows.h"

namespace hanok::nn {
namespace {

class ConvolutionLayer : public Layer {
 public:
  explicit ConvolutionLayer(Convolution conv) : conv_(std::move(conv)) {}
  Shape out_shape() const override { return conv_.out_shape(); }
  uint64_t multiply_adds() const override { return conv_.multiply_adds(); }
  Values run(Values in, Workspace& space) const override {
    Values out = space.take(in.count, conv_.out_shape());
    conv_.run(in, out);
    space.give_back(std::move(in));
    return out;
  }

 private:
  Convolution conv_;
};

// The fields of a pool along one axis: [begin, end) for each value of the result, inside the input.
struct Field {
  size_t begin, end;
};

class PoolLayer : public Layer {
 public:
  PoolLayer(Shape in, std::vector<Field> rows, std::vector<Field> columns, bool largest)
      : in_(in), rows_(std::move(rows)), columns_(std::move(columns)), largest_(largest) {}
  Shape out_shape() const override { return {rows_.size(), columns_.size(), in_.channels}; }
  Values run(Values in, Workspace& space) const override {
    Values out = space.take(in.count, out_shape());
    base::parallel_for(in.count, 1, [&](size_t begin, size_t end, size_t) {
      for (size_t i = begin; i < end; ++i) picture(in.picture(i), out.picture(i));
    });
    space.give_back(std::move(in));
    return out;
  }

 private:
  void picture(const float* in, float* out) const {
    for (const Field& row : rows_)
      for (const Field& column : columns_) {
        field(in, row, column, out);
        out += in_.channels;
      }
  }
  void field(const float* in, const Field& row, const Field& column, float* out) const {
    const auto& kernels = math::rows();
    const auto at = [&](size_t y, size_t x) { return in + (y * in_.width + x) * in_.channels; };
    std::memcpy(out, at(row.begin, column.begin), in_.channels * sizeof(float));
    for (size_t y = row.begin; y < row.end; ++y)
      for (size_t x = column.begin; x < column.end; ++x) {
        if (y == row.begin && x == column.begin) continue;
        (largest_ ? kernels.larger : kernels.add)(out, at(y, x), in_.channels);
      }
    if (largest_) return;
    const auto count = static_cast<float>((row.end - row.begin) * (column.end - column.begin));
    for (size_t c = 0; c < in_.channels; ++c) out[c] /= count;
  }

  Shape in_;
  std::vector<Field> rows_, columns_;
  bool largest_;
};

std::vector<Field> fields(size_t in, size_t kernel, size_t stride, size_t padding) {
  if (in + 2 * padding < kernel)
    throw Error(Code::Invalid, "a pool over " + std::to_string(kernel) + " pixels does not fit in an input of " +
                                   std::to_string(in) + "; the net needs larger pictures");
  std::vector<Field> out;
  for (size_t i = 0; i <= (in + 2 * padding - kernel) / stride; ++i) {
    const size_t begin = i * stride;
    out.push_back({begin > padding ? begin - padding : 0, std::min(in, begin + kernel - padding)});
  }
  return out;
}

std::vector<Field> adaptive_fields(size_t in, size_t out) {
  std::vector<Field> list;
  for (size_t i = 0; i < out; ++i) list.push_back({i * in / out, ((i + 1) * in + out - 1) / out});
  return list;
}

class ActivationLayer : public Layer {
 public:
  ActivationLayer(Shape in, math::Activation kind) : in_(in), kind_(kind) {}
  Shape out_shape() const override { return in_; }
  Values run(Values in, Workspace&) const override {
    base::parallel_for(in.count, 1, [&](size_t begin, size_t end, size_t) {
      math::activate(kind_, in.picture(begin), (end - begin) * in_.size());
    });
    return in;
  }

 private:
  Shape in_;
  math::Activation kind_;
};

class LinearLayer : public Layer {
 public:
  LinearLayer(const Weights& weights, const std::string& name, Shape in, math::Activation activation)
      : in_(in), activation_(activation) {
    const Tensor* found = weights.find(name + ".weight");
    const Tensor& weight =
        weights.at(name + ".weight", {found && found->shape.size() == 2 ? found->shape[0] : 0, in.size()});
    const size_t out = weight.shape[0], pixels = in.height * in.width;
    std::vector<float> bias;
    if (weights.find(name + ".bias")) bias = read_floats(weights.at(name + ".bias", {out}));
    packed_.pack_rows(
        out, in.size(),
        [&](size_t row, float* to) {
          if (pixels == 1) return read_floats(weight, row * in.size(), in.size(), to);
          std::vector<float> from(in.size());
          read_floats(weight, row * in.size(), in.size(), from.data());
          for (size_t c = 0; c < in.channels; ++c)
            for (size_t p = 0; p < pixels; ++p) to[p * in.channels + c] = from[c * pixels + p];
        },
        std::move(bias));
  }
  Shape out_shape() const override { return {1, 1, packed_.width()}; }
  uint64_t multiply_adds() const override { return packed_.width() * packed_.depth(); }
  bool wants_many() const override { return true; }
  Values run(Values in, Workspace& space) const override {
    Values out = space.take(in.count, out_shape());
    math::gemm(in.data.data(), in_.size(), in.count, packed_, out.data.data(), packed_.width(),
               {.activation = activation_});
    space.give_back(std::move(in));
    return out;
  }

 private:
  Shape in_;
  math::Activation activation_;
  math::PackedMatrix packed_;
};

class ResidualLayer : public Layer {
 public:
  explicit ResidualLayer(ResidualParts parts) : parts_(std::move(parts)) {
    const Shape around = parts_.shortcut ? parts_.shortcut->out_shape() : parts_.body.front().in_shape();
    if (around != parts_.body.back().out_shape())
      throw Error(Code::Corrupt,
                  "a residual block whose two ways end in different shapes; the weights are of another net");
  }
  Shape out_shape() const override { return parts_.body.back().out_shape(); }
  uint64_t multiply_adds() const override {
    uint64_t sum = parts_.shortcut ? parts_.shortcut->multiply_adds() : 0;
    for (const auto& conv : parts_.body) sum += conv.multiply_adds();
    return sum;
  }
  Values run(Values in, Workspace& space) const override {
    Values out{};
    if (parts_.shortcut) {
      out = space.take(in.count, out_shape());
      parts_.shortcut->run(in, out);
    }
    // The input is read by the first convolution alone; without a shortcut it then becomes the sum's first term.
    Values way = space.take(in.count, parts_.body.front().out_shape());
    parts_.body.front().run(in, way);
    if (parts_.shortcut)
      space.give_back(std::move(in));
    else
      out = std::move(in);
    for (size_t i = 1; i + 1 < parts_.body.size(); ++i) {
      Values next = space.take(way.count, parts_.body[i].out_shape());
      parts_.body[i].run(way, next);
      space.give_back(std::move(way));
      way = std::move(next);
    }
    parts_.body.back().run(way, out, true);
    space.give_back(std::move(way));
    return out;
  }

 private:
  ResidualParts parts_;
};

}  // namespace

std::unique_ptr<Layer> convolution(Convolution conv) { return std::make_unique<ConvolutionLayer>(std::move(conv)); }

std::unique_ptr<Layer> max_pool(Shape in, size_t kernel, size_t stride, size_t padding) {
  return std::make_unique<PoolLayer>(in, fields(in.height, kernel, stride, padding),
                                     fields(in.width, kernel, stride, padding), true);
}

std::unique_ptr<Layer> average_pool(Shape in, size_t kernel) {
  return std::make_unique<PoolLayer>(in, fields(in.height, kernel, kernel, 0), fields(in.width, kernel, kernel, 0),
                                     false);
}

std::unique_ptr<Layer> adaptive_average_pool(Shape in, size_t height, size_t width) {
  return std::make_unique<PoolLayer>(in, adaptive_fields(in.height, height), adaptive_fields(in.width, width), false);
}

std::unique_ptr<Layer> activation(Shape in, math::Activation kind) {
  return std::make_unique<ActivationLayer>(in, kind);
}

std::unique_ptr<Layer> linear(const Weights& weights, const std::string& name, Shape in, math::Activation activation) {
  return std::make_unique<LinearLayer>(weights, name, in, activation);
}

std::unique_ptr<Layer> residual(ResidualParts parts) { return std::make_unique<ResidualLayer>(std::move(parts)); }

}  // namespace hanok::nn
