#include "train/optimizer.h"

#include <algorithm>
#include <cmath>

#include "hanok/error.h"

namespace hanok::train {
namespace {

constexpr double kRmsDecay = 0.99;

bool has_second(const std::string& kind) { return kind == "adam"; }

// libtorch 2.4 has a step of a whole group as one pass over its memory, on all threads: less than half the traffic of
// the lines below, which is a fifth of AlexNet's time.
#if TORCH_VERSION_MAJOR > 2 || (TORCH_VERSION_MAJOR == 2 && TORCH_VERSION_MINOR >= 4)
#define HANOK_FUSED_STEPS 1
#define HANOK_STEPS_WITHIN 1  // of backward(): hooks on gradients that are whole
#else
#define HANOK_FUSED_STEPS 0
#define HANOK_STEPS_WITHIN 0
#endif

#if HANOK_FUSED_STEPS
// A gradient whose numbers lie in memory as the parameter's do.
torch::Tensor laid_out_as(const torch::Tensor& p, const torch::Tensor& g) {
  return g.strides() == p.strides() ? g : torch::empty_like(p).copy_(g);
}
#endif

}  // namespace

torch::Tensor orthogonal(const torch::Tensor& g, int steps) {
  constexpr double a = 3.4445, b = -4.7750, c = 2.0315;  // steep at zero: small singular values grow fast
  torch::Tensor x = g / (g.norm() + 1e-7);
  const bool tall = x.size(0) > x.size(1);
  if (tall) x = x.t();
  for (int i = 0; i < steps; ++i) {
    const torch::Tensor s = x.mm(x.t());
    x = a * x + (b * s + c * s.mm(s)).mm(x);
  }
  return tall ? x.t() : x;
}

Optimizer::Optimizer(std::vector<ParameterGroup> groups) : groups_(std::move(groups)) {
  const torch::NoGradGuard no_grad;
  for (const auto& group : groups_) {
    if (group.kind != "sgd" && group.kind != "adam" && group.kind != "rmsprop" && group.kind != "muon")
      throw Error(Code::Invalid, "there is no optimizer '" + group.kind + "'; there are: sgd, adam, rmsprop, muon");
    std::vector<Memory> memory;
    for (const auto& p : group.parameters)
      memory.push_back({torch::zeros_like(p), has_second(group.kind) ? torch::zeros_like(p) : torch::Tensor()});
    memory_.push_back(std::move(memory));
  }
}

void Optimizer::step(const std::function<double(double)>& factor) {
  const torch::NoGradGuard no_grad;
  ++steps_;
  for (size_t i = 0; i < groups_.size(); ++i) {
    const double lr = groups_[i].learning_rate * factor(groups_[i].until);
    if (can_fuse(groups_[i]))
      fused_step(i, 0, groups_[i].parameters.size(), lr);
    else
      for (size_t k = 0; k < groups_[i].parameters.size(); ++k) step_one(i, k, lr);
  }
}

#if HANOK_STEPS_WITHIN
namespace {

// Runs when the gradient of a parameter is whole.
struct WhenWhole : torch::autograd::PostAccumulateGradHook {
  explicit WhenWhole(std::function<void()> then) : then(std::move(then)) {}
  void operator()(const torch::autograd::Variable&) override { then(); }
  std::function<void()> then;
};

// On some parameters until this goes.
class Hooks {
 public:
  ~Hooks() {
    for (const auto& p : on_) torch::autograd::impl::set_post_acc_grad_hooks(p, nullptr);
  }
  void add(const torch::Tensor& p, std::function<void()> then) {
    on_.push_back(p);
    torch::autograd::impl::set_post_acc_grad_hooks(p, std::make_unique<WhenWhole>(std::move(then)));
  }

 private:
  std::vector<torch::Tensor> on_;
};

}  // namespace
#endif

void Optimizer::backward_and_step(const torch::Tensor& loss, const std::function<double(double)>& factor) {
#if HANOK_STEPS_WITHIN
  ++steps_;
  Hooks hooks;
  for (size_t i = 0; i < groups_.size(); ++i) {
    const double lr = groups_[i].learning_rate * factor(groups_[i].until);
    const bool fused = can_fuse(groups_[i]);
    for (size_t k = 0; k < groups_[i].parameters.size(); ++k)
      hooks.add(groups_[i].parameters[k], [this, i, k, lr, fused] {
        const torch::NoGradGuard no_grad;
        if (fused)
          fused_step(i, k, k + 1, lr);
        else
          step_one(i, k, lr);
        groups_[i].parameters[k].mutable_grad() = torch::Tensor();
      });
  }
  loss.backward();
#else
  loss.backward();
  step(factor);
  zero_grad();
#endif
}

void Optimizer::step_one(size_t i, size_t k, double lr) {
  const ParameterGroup& group = groups_[i];
  const double mu = group.momentum;
  torch::Tensor p = group.parameters[k], g = p.grad();
  if (!g.defined() || !p.requires_grad()) return;
  auto& [first, second] = memory_[i][k];
  if (group.weight_decay != 0) {
    if (group.decoupled)
      p.mul_(1 - lr * group.weight_decay);
    else
      g = g.add(p, group.weight_decay);
  }
  if (group.kind == "sgd") {
    first.mul_(mu).add_(g);
    if (group.nesterov) p.add_(g, -lr);
    p.add_(first, group.nesterov ? -lr * mu : -lr);
  } else if (group.kind == "adam") {
    const auto t = static_cast<double>(steps_);
    first.mul_(group.beta1).add_(g, 1 - group.beta1);
    second.mul_(group.beta2).addcmul_(g, g, 1 - group.beta2);
    const torch::Tensor root = (second.sqrt() / std::sqrt(1 - std::pow(group.beta2, t))).add_(group.epsilon);
    p.addcdiv_(first, root, -lr / (1 - std::pow(group.beta1, t)));
  } else if (group.kind == "rmsprop") {
    first.mul_(kRmsDecay).addcmul_(g, g, 1 - kRmsDecay);
    p.addcdiv_(g, first.sqrt().add_(group.epsilon), -lr);
  } else {
    first.mul_(mu).add_(g);
    const torch::Tensor along = group.nesterov ? g.add(first, mu) : first;
    p.mul_(std::sqrt(static_cast<double>(p.size(0))) / p.norm().item<double>());
    const torch::Tensor update = orthogonal(along.reshape({p.size(0), -1}));
    p.add_(update.view(p.sizes()), -lr);
  }
}

bool Optimizer::can_fuse(const ParameterGroup& group) {
  if (HANOK_FUSED_STEPS == 0 || (group.kind != "adam" && (group.kind != "sgd" || group.momentum == 0))) return false;
  return std::all_of(group.parameters.begin(), group.parameters.end(), [](const torch::Tensor& p) {
    return p.is_cpu() && p.scalar_type() == torch::kFloat && p.is_non_overlapping_and_dense();
  });
}

void Optimizer::fused_step([[maybe_unused]] size_t i, [[maybe_unused]] size_t begin, [[maybe_unused]] size_t end,
                           [[maybe_unused]] double lr) {
#if HANOK_FUSED_STEPS
  const ParameterGroup& group = groups_[i];
  std::vector<torch::Tensor> p, g, first, second, steps;
  for (size_t k = begin; k < end; ++k) {
    const torch::Tensor& parameter = group.parameters[k];
    if (!parameter.grad().defined() || !parameter.requires_grad()) continue;
    p.push_back(parameter);
    g.push_back(laid_out_as(parameter, parameter.grad()));
    first.push_back(memory_[i][k].first);
    if (group.kind != "adam") continue;
    second.push_back(memory_[i][k].second);
    steps.push_back(torch::full({}, static_cast<float>(steps_)));
  }
  if (p.empty()) return;
  if (group.decoupled && group.weight_decay != 0)
    for (auto& parameter : p) parameter.mul_(1 - lr * group.weight_decay);
  const double decay = group.decoupled ? 0 : group.weight_decay;
  if (group.kind == "sgd")
    at::_fused_sgd_(p, g, first, decay, group.momentum, lr, /*dampening=*/0, group.nesterov, /*maximize=*/false,
                    /*is_first_step=*/false);
  else
    at::_fused_adam_(p, g, first, second, {}, steps, lr, group.beta1, group.beta2, decay, group.epsilon,
                     /*amsgrad=*/false, /*maximize=*/false);
#endif
}

void Optimizer::zero_grad() {
  for (const auto& group : groups_)
    for (const auto& p : group.parameters) p.mutable_grad() = torch::Tensor();
}

std::vector<torch::Tensor> Optimizer::parameters() const {
  std::vector<torch::Tensor> out;
  for (const auto& group : groups_) out.insert(out.end(), group.parameters.begin(), group.parameters.end());
  return out;
}

std::vector<std::pair<std::string, torch::Tensor>> Optimizer::state() const {
  std::vector<std::pair<std::string, torch::Tensor>> out;
  out.emplace_back("steps", torch::tensor(steps_));
  for (size_t i = 0; i < groups_.size(); ++i)
    for (size_t k = 0; k < memory_[i].size(); ++k) {
      out.emplace_back("first." + groups_[i].names[k], memory_[i][k].first);
      if (memory_[i][k].second.defined()) out.emplace_back("second." + groups_[i].names[k], memory_[i][k].second);
    }
  return out;
}

void Optimizer::load(const std::vector<std::pair<std::string, torch::Tensor>>& given, const std::string& what) {
  const torch::NoGradGuard no_grad;
  const auto mine = state();
  if (given.size() != mine.size())
    throw Error(Code::Corrupt, what + ": the optimizer remembers " + std::to_string(mine.size()) + " tensors, found " +
                                   std::to_string(given.size()));
  for (size_t i = 0; i < mine.size(); ++i) {
    if (given[i].first != mine[i].first || given[i].second.sizes() != mine[i].second.sizes())
      throw Error(Code::Corrupt, what + ": the optimizer's '" + mine[i].first + "' is missing, or has another shape");
    if (i == 0)
      steps_ = given[i].second.item<int64_t>();
    else
      mine[i].second.copy_(given[i].second);
  }
}

}  // namespace hanok::train
