#include "vision/models/norm_pass.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <cmath>
#include <type_traits>
#include <vector>

#include "hanok/error.h"
#include "math/layer.h"
#include "vision/models/on_threads.h"

namespace hanok::vision {
namespace {

using at::Tensor;

constexpr int64_t kNumbersAtOnce = 1 << 16;  // of a part: some ten microseconds
constexpr int64_t kMostParts = 64;

template <typename Number>
const math::NormKernels<Number>& norm_kernels() {
  if constexpr (std::is_same_v<Number, float>)
    return math::layer_kernels().norm_f32;
  else
    return math::layer_kernels().norm_bf16;
}

template <typename Number>
const Number* numbers(const Tensor& t) {
  return t.defined() ? static_cast<const Number*>(t.data_ptr()) : nullptr;
}
template <typename Number>
const Number* from_row(const Number* p, int64_t row, int64_t channels) {
  return p ? p + row * channels : nullptr;
}

// Channels together in memory, so that the maps are rows of channels.
Tensor in_rows(const Tensor& t) {
  return t.contiguous(t.dim() == 4 ? at::MemoryFormat::ChannelsLast : at::MemoryFormat::Contiguous);
}

// The rows of maps, cut in parts that do not depend on the number of threads.
struct Rows {
  explicit Rows(const Tensor& x) : channels(x.size(1)), count(x.numel() / channels) {
    parts = std::clamp<int64_t>(x.numel() / kNumbersAtOnce, 1, std::min(kMostParts, count));
  }
  int64_t begin(int64_t part) const { return count * part / parts; }
  size_t in(int64_t part) const { return static_cast<size_t>(begin(part + 1) - begin(part)); }
  int64_t channels, count, parts = 1;
};

// Two sums a channel: each part's own, then added up in their order.
struct Sums {
  explicit Sums(const Rows& rows) : rows_(rows), all_(static_cast<size_t>(2 * rows.parts * rows.channels), 0.0) {}
  double* first(int64_t part) { return all_.data() + 2 * part * rows_.channels; }
  double* second(int64_t part) { return first(part) + rows_.channels; }
  void add_up() {
    for (int64_t part = 1; part < rows_.parts; ++part)
      for (int64_t i = 0; i < 2 * rows_.channels; ++i) first(0)[i] += first(part)[i];
  }

 private:
  const Rows& rows_;
  std::vector<double> all_;
};

template <typename Number>
void find_moments(const Tensor& x, const Rows& rows, float* mean, double* variance) {
  const auto* numbers_of_x = numbers<Number>(x);
  const auto c = static_cast<size_t>(rows.channels);
  std::vector<float> shift(c);  // the first row: a number like the others, so that squares do not cancel
  at::Tensor first = at::from_blob(shift.data(), {rows.channels}, at::kFloat);
  first.copy_(x.dim() == 4 ? x.select(0, 0).select(1, 0).select(1, 0) : x.select(0, 0));
  Sums sums(rows);
  on_threads(rows.parts, [&](int64_t begin, int64_t end) {
    for (int64_t p = begin; p < end; ++p)
      norm_kernels<Number>().moments(from_row(numbers_of_x, rows.begin(p), rows.channels), rows.in(p), c, shift.data(),
                                     sums.first(p), sums.second(p));
  });
  sums.add_up();
  const auto n = static_cast<double>(rows.count);
  for (size_t i = 0; i < c; ++i) {
    const double off = sums.first(0)[i] / n;
    mean[i] = static_cast<float>(shift[i] + off);
    // NaN goes through: std::max would give 0 for it.
    const double v = sums.second(0)[i] / n - off * off;
    variance[i] = v < 0 ? 0 : v;
  }
}

template <typename Number>
void apply_norm(const Tensor& x, const Tensor& shortcut, const Rows& rows, const float* scale, const float* offset,
                bool relu, Tensor& y) {
  const auto *in = numbers<Number>(x), *beside = numbers<Number>(shortcut);
  auto* out = const_cast<Number*>(numbers<Number>(y));
  on_threads(rows.parts, [&](int64_t begin, int64_t end) {
    for (int64_t p = begin; p < end; ++p) {
      const int64_t row = rows.begin(p);
      norm_kernels<Number>().apply(from_row(in, row, rows.channels), from_row(beside, row, rows.channels), rows.in(p),
                                   static_cast<size_t>(rows.channels), scale, offset, relu, out + row * rows.channels);
    }
  });
}

// The gradients of x and, where it is defined, of the shortcut; the sums of the norm's own are left in `sums`.
template <typename Number>
void differentiate(const Tensor& g, const Tensor& y, const Tensor& x, const Rows& rows, const float* mean,
                   const float* inverse, const float* weight, Sums& sums, Tensor& of_x, Tensor& of_shortcut) {
  const auto *in_g = numbers<Number>(g), *in_y = numbers<Number>(y), *in_x = numbers<Number>(x);
  const auto c = static_cast<size_t>(rows.channels);
  const auto part_of = [&](const Number* p, int64_t part) { return from_row(p, rows.begin(part), rows.channels); };
  const auto& k = norm_kernels<Number>();
  on_threads(rows.parts, [&](int64_t begin, int64_t end) {
    for (int64_t p = begin; p < end; ++p)
      k.gradient_sums(part_of(in_g, p), part_of(in_y, p), part_of(in_x, p), rows.in(p), c, mean, sums.first(p),
                      sums.second(p));
  });
  sums.add_up();
  if (!of_x.defined()) return;
  // of_x = w / s (d - mean(d) - (x - mean) mean(d (x - mean)) / s^2), s the deviation: a d + b x + offset
  std::vector<float> a(c), b(c), offset(c);
  const auto n = static_cast<double>(rows.count);
  for (size_t i = 0; i < c; ++i) {
    const double slope = static_cast<double>(weight[i]) * inverse[i];
    const double of_mean = -slope * inverse[i] * inverse[i] * sums.second(0)[i] / n;
    a[i] = static_cast<float>(slope), b[i] = static_cast<float>(of_mean);
    offset[i] = static_cast<float>(-slope * sums.first(0)[i] / n - of_mean * mean[i]);
  }
  auto *out_x = const_cast<Number*>(numbers<Number>(of_x)), *out_s = const_cast<Number*>(numbers<Number>(of_shortcut));
  on_threads(rows.parts, [&](int64_t begin, int64_t end) {
    for (int64_t p = begin; p < end; ++p) {
      const int64_t at = rows.begin(p) * rows.channels;
      k.gradient(part_of(in_g, p), part_of(in_y, p), part_of(in_x, p), rows.in(p), c, a.data(), b.data(), offset.data(),
                 out_x + at, out_s ? out_s + at : nullptr);
    }
  });
}

struct Normed : torch::autograd::Function<Normed> {
  static Tensor forward(torch::autograd::AutogradContext* context, const Tensor& given, const Tensor& weight,
                        const Tensor& bias, const c10::optional<Tensor>& beside, Tensor running_mean,
                        Tensor running_var, double momentum, double epsilon, bool relu) {
    const Tensor x = in_rows(given), shortcut = beside ? in_rows(*beside) : Tensor();
    const Rows rows(x);
    const auto c = static_cast<size_t>(rows.channels);
    Tensor mean = at::empty({rows.channels}, at::kFloat), inverse = at::empty_like(mean);
    std::vector<double> variance(c);
    const bool half = x.scalar_type() == at::kBFloat16;
    half ? find_moments<uint16_t>(x, rows, mean.data_ptr<float>(), variance.data())
         : find_moments<float>(x, rows, mean.data_ptr<float>(), variance.data());
    const Tensor w = weight.contiguous(), b = bias.contiguous();
    std::vector<float> scale(c), offset(c);
    const auto n = static_cast<double>(rows.count);
    auto *running_m = running_mean.data_ptr<float>(), *running_v = running_var.data_ptr<float>();
    for (size_t i = 0; i < c; ++i) {
      const double one_over = 1 / std::sqrt(variance[i] + epsilon), m = mean.data_ptr<float>()[i];
      inverse.data_ptr<float>()[i] = static_cast<float>(one_over);
      scale[i] = static_cast<float>(w.data_ptr<float>()[i] * one_over);
      offset[i] = static_cast<float>(b.data_ptr<float>()[i] - m * w.data_ptr<float>()[i] * one_over);
      running_m[i] = static_cast<float>(running_m[i] + momentum * (m - running_m[i]));
      running_v[i] = static_cast<float>(running_v[i] + momentum * (variance[i] * n / (n - 1) - running_v[i]));
    }
    Tensor y = at::empty_like(x);
    half ? apply_norm<uint16_t>(x, shortcut, rows, scale.data(), offset.data(), relu, y)
         : apply_norm<float>(x, shortcut, rows, scale.data(), offset.data(), relu, y);
    context->save_for_backward(relu ? torch::autograd::variable_list{x, w, mean, inverse, y}
                                    : torch::autograd::variable_list{x, w, mean, inverse});
    context->saved_data["shortcut"] = shortcut.defined();
    return y;
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list gradients) {
    if (at::GradMode::is_enabled())
      throw Error(Code::Unsupported, "batch normalisation while training is differentiated once, not twice");
    const auto saved = context->get_saved_variables();
    const Tensor &x = saved[0], &w = saved[1], &mean = saved[2], &inverse = saved[3];
    const Tensor y = saved.size() > 4 ? saved[4] : Tensor(), g = in_rows(gradients[0].to(x.scalar_type()));
    const Rows rows(x);
    Sums sums(rows);
    Tensor of_x, of_shortcut;
    if (context->needs_input_grad(0)) of_x = at::empty_like(x);
    if (context->saved_data["shortcut"].toBool()) {
      // Without a relu its gradient is the one that came; with it, what the same pass leaves of that.
      of_shortcut = y.defined() ? at::empty_like(x) : g;
      if (!of_x.defined()) of_x = at::empty_like(x);
    }
    Tensor written = y.defined() ? of_shortcut : Tensor();
    const auto run = x.scalar_type() == at::kBFloat16 ? differentiate<uint16_t> : differentiate<float>;
    run(g, y, x, rows, mean.data_ptr<float>(), inverse.data_ptr<float>(), w.data_ptr<float>(), sums, of_x, written);
    Tensor of_weight = at::empty_like(w), of_bias = at::empty_like(w);
    for (int64_t i = 0; i < rows.channels; ++i) {
      of_weight.data_ptr<float>()[i] = static_cast<float>(sums.second(0)[i] * inverse.data_ptr<float>()[i]);
      of_bias.data_ptr<float>()[i] = static_cast<float>(sums.first(0)[i]);
    }
    return {of_x, of_weight, of_bias, of_shortcut, Tensor(), Tensor(), Tensor(), Tensor(), Tensor()};
  }
};

}  // namespace

bool norm_serves(const Tensor& x, const Tensor& weight, const Tensor& shortcut) {
  const bool fits = x.is_cpu() && (x.dim() == 4 || x.dim() == 2) && x.numel() > 0 && x.numel() > x.size(1) &&
                    (x.scalar_type() == at::kFloat || x.scalar_type() == at::kBFloat16) &&
                    weight.scalar_type() == at::kFloat && weight.numel() == x.size(1);
  return fits && (!shortcut.defined() || (shortcut.scalar_type() == x.scalar_type() && shortcut.sizes() == x.sizes()));
}

Tensor normed(const Tensor& x, const Tensor& weight, const Tensor& bias, const Tensor& shortcut, Tensor running_mean,
              Tensor running_var, const NormOptions& options) {
  return Normed::apply(x, weight, bias, shortcut.defined() ? c10::optional<Tensor>(shortcut) : c10::nullopt,
                       std::move(running_mean), std::move(running_var), options.momentum, options.epsilon,
                       options.relu);
}

}  // namespace hanok::vision
