#include <iomanip>
#include <iostream>

#include "command.h"
#include "vision/models/summary.h"

namespace hanok::app {
namespace {

using base::OrderedJson;

struct Flags {
  std::string name;
  size_t classes = 0;  // 0: as published
};

// As published: 1,000 classes of ImageNet for the nets of large pictures, ten for those of small ones.
vision::ModelOptions options_of(const vision::ModelKind& kind, bool small, size_t classes) {
  vision::ModelOptions options{.name = kind.name, .input = kind.input, .small_input = small};
  options.classes = kind.input.height > 100 && !small ? 1000 : 10;
  if (classes > 0) options.classes = static_cast<int>(classes);
  if (small) options.input = {3, 32, 32};
  return options;
}

OrderedJson row(const vision::ModelOptions& options, const std::string& about, const vision::ModelFigures& f) {
  return {{"name", options.name},
          {"variant", options.small_input ? "cifar" : "imagenet"},
          {"input", {options.input.channels, options.input.height, options.input.width}},
          {"classes", options.classes},
          {"parameters", f.parameters},
          {"layers", f.layers},
          {"flops", f.flops()},
          {"multiply_adds", f.multiply_adds},
          {"filters", f.filters},
          {"activation", f.activation},
          {"about", about}};
}

OrderedJson table(const Flags& flags) {
  OrderedJson rows = OrderedJson::array();
  for (const auto& kind : vision::models()) {
    if (!flags.name.empty() && kind.name != flags.name) continue;
    for (const bool small : {false, true}) {
      if (small && !kind.small_variant) continue;
      const auto options = options_of(kind, small, flags.classes);
      rows.push_back(row(options, kind.about + (small ? "; variant for 32x32" : ""), vision::figures(options)));
    }
  }
  return rows;
}

std::string shape(const OrderedJson& sizes) {
  std::string out;
  for (const auto& n : sizes) out += (out.empty() ? "" : "x") + std::to_string(n.get<int64_t>());
  return out;
}

void show_table(const OrderedJson& rows, std::ostream& out) {
  out << std::left << std::setw(12) << "model" << std::setw(10) << "variant" << std::setw(11) << "input" << std::right
      << std::setw(7) << "layers" << std::setw(14) << "parameters" << std::setw(14) << "Mflops"
      << "  about\n";
  for (const auto& r : rows)
    out << std::left << std::setw(12) << r["name"].get<std::string>() << std::setw(10)
        << r["variant"].get<std::string>() << std::setw(11) << shape(r["input"]) << std::right << std::setw(7)
        << r["layers"].get<size_t>() << std::setw(14) << r["parameters"].get<uint64_t>() << std::setw(14) << std::fixed
        << std::setprecision(1) << r["flops"].get<double>() / 1e6 << "  " << r["about"].get<std::string>() << "\n";
}

OrderedJson layers_of(const vision::ModelFigures& f) {
  OrderedJson layers = OrderedJson::array();
  for (const auto& l : f.rows)
    layers.push_back({{"name", l.name},
                      {"kind", l.kind},
                      {"output", l.output},
                      {"parameters", l.parameters},
                      {"multiply_adds", l.multiply_adds}});
  return layers;
}

void show_layers(const OrderedJson& layers, std::ostream& out) {
  out << "\n"
      << std::left << std::setw(26) << "layer" << std::setw(28) << "kind" << std::setw(14) << "output" << std::right
      << std::setw(12) << "parameters" << std::setw(16) << "multiply-adds"
      << "\n";
  for (const auto& l : layers)
    out << std::left << std::setw(26) << l["name"].get<std::string>() << std::setw(28) << l["kind"].get<std::string>()
        << std::setw(14) << shape(l["output"]) << std::right << std::setw(12) << l["parameters"].get<uint64_t>()
        << std::setw(16) << l["multiply_adds"].get<uint64_t>() << "\n";
}

}  // namespace

void add_models(Command& vision) {
  Command c = vision.subcommand("models", "Lists the nets there are, or the layers of one.",
                                "Figures are counted on the nets themselves. layers: those with weights from input to "
                                "output; flops: twice the multiply-adds of convolutions and linear layers, for one "
                                "picture; variant cifar: for pictures of 32x32.");
  auto flags = std::make_shared<Flags>();
  c.positional("NAME", flags->name, "show its layers", false);
  c.option("--classes", flags->classes, "classes (default: as published, 1000 or 10)", 1);
  c.run([flags](Session& session) {
    if (!flags->name.empty()) vision::model_kind(flags->name);
    const OrderedJson rows = table(*flags);
    if (flags->name.empty())
      return session.print({{"models", rows}}, [&](std::ostream& out) { show_table(rows, out); });
    const auto options = options_of(vision::model_kind(flags->name), false, flags->classes);
    const OrderedJson layers = layers_of(vision::figures(options));
    session.print({{"models", rows}, {"layers", layers}}, [&](std::ostream& out) {
      show_table(rows, out);
      show_layers(layers, out);
    });
  });
}

}  // namespace hanok::app
