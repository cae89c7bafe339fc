#include "vision/explain/explain.h"

#include <torch/autograd.h>
#include <torch/types.h>

#include "hanok/error.h"
#include "vision/models/layers.h"
#include "vision/models/models.h"
#include "vision/models/recording.h"

namespace hanok::vision {
namespace {

Tensor picture(const nn::VisionRun& run, std::span<const float> x) {
  const auto h = static_cast<int64_t>(run.height), w = static_cast<int64_t>(run.width),
             c = static_cast<int64_t>(run.channels);
  if (x.size() != run.height * run.width * run.channels)
    throw Error(Code::Invalid, run.model + ": " + std::to_string(x.size()) + " numbers are no picture of its size");
  return torch::from_blob(const_cast<float*>(x.data()), {1, h, w, c}, torch::kFloat32)
      .permute({0, 3, 1, 2})
      .contiguous();
}

Map map_of(const Tensor& t) {
  const Tensor flat = t.detach().to(torch::kFloat32).contiguous();
  return {static_cast<size_t>(flat.size(0)),
          static_cast<size_t>(flat.size(1)),
          {flat.data_ptr<float>(), flat.data_ptr<float>() + flat.numel()}};
}

bool has_maps(const Step& step) {
  return step.op != Op::Input && step.output.dim() == 4 && step.output.size(2) * step.output.size(3) > 1;
}

}  // namespace

ClassMap grad_cam(Net& net, const nn::VisionRun& run, std::span<const float> x, size_t target) {
  net.eval();
  const Tensor in = picture(run, x).requires_grad_();
  const Recording recording(net, in, Recording::Real);
  const Tensor y = net.forward(in);
  if (target >= static_cast<size_t>(y.size(1)))
    throw Error(Code::Invalid, run.model + ": class " + std::to_string(target) + " was asked for, there are " +
                                   std::to_string(y.size(1)));
  const Step* last = nullptr;
  for (const Step& step : recording.steps())
    if (has_maps(step)) last = &step;
  if (!last) throw Error(Code::Invalid, run.model + ": no layer has maps for pictures of this size");
  const Tensor& maps = last->output;
  const Tensor gradient = torch::autograd::grad({y[0][static_cast<int64_t>(target)]}, {maps})[0];
  const Tensor weights = gradient.mean({2, 3}, /*keepdim=*/true);
  Tensor cam = (weights * maps).sum(1, /*keepdim=*/true).relu();
  cam = at::upsample_bilinear2d(cam, {in.size(2), in.size(3)}, /*align_corners=*/false)[0][0];
  const float most = cam.max().item<float>();
  return {map_of(most > 0 ? cam / most : cam), last->name.empty() ? std::string(op_name(last->op)) : last->name};
}

std::vector<LayerMaps> feature_maps(Net& net, const nn::VisionRun& run, std::span<const float> x) {
  const torch::NoGradGuard guard;
  net.eval();
  const Tensor in = picture(run, x);
  const Recording recording(net, in, Recording::Real);
  net.forward(in);
  std::vector<LayerMaps> out;
  for (const Step& step : recording.steps()) {
    if (!has_maps(step)) continue;
    LayerMaps layer{step.name, std::string(op_name(step.op)), {}};
    for (int64_t c = 0; c < step.output.size(1); ++c) layer.maps.push_back(map_of(step.output[0][c]));
    out.push_back(std::move(layer));
  }
  return out;
}

Filters first_filters(const Net& net) {
  for (const auto& item : net.named_modules("", /*include_self=*/false)) {
    const auto* conv = dynamic_cast<const Conv*>(item.value().get());
    if (!conv) continue;
    Filters out{item.key(), static_cast<size_t>(conv->weight.size(0)), static_cast<size_t>(conv->weight.size(1)), {}};
    for (int64_t o = 0; o < conv->weight.size(0); ++o)
      for (int64_t i = 0; i < conv->weight.size(1); ++i) out.maps.push_back(map_of(conv->weight[o][i]));
    return out;
  }
  throw Error(Code::Invalid, "this net has no convolution, so it has no filters to show");
}

}  // namespace hanok::vision
