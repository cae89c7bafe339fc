#include <iostream>
#include <sstream>

#include "base/file.h"
#include "command.h"
#include "vision/models/trained.h"

namespace hanok::app {
namespace {

struct Flags {
  std::string model, weights, out, names, variant = "imagenet";
  size_t size = 0;
};

constexpr size_t kMostNames = 16 << 20;  // bytes

// One name a line; a blank line at the end is none.
std::vector<std::string> read_names(const std::string& file) {
  std::vector<std::string> out;
  if (file.empty()) return out;
  std::istringstream lines(base::read_file(file, kMostNames));
  for (std::string line; std::getline(lines, line);) {
    if (line.ends_with('\r')) line.pop_back();
    if (!line.empty()) out.push_back(line);
  }
  return out;
}

}  // namespace

void add_import(Command& vision) {
  Command c = vision.subcommand("import", "Makes a run folder of weights that were trained elsewhere.",
                                "safetensors, or a state dict that torch.save wrote (.pth), under torchvision's names: "
                                "hanok vision import --model resnet18 --weights resnet18-f37072fd.pth --out resnet18");
  auto flags = std::make_shared<Flags>();
  c.option("--model", flags->model, "which net it is (hanok vision models)", true);
  c.option("--weights", flags->weights, "file", true);
  c.option("--out", flags->out, "folder to write", true);
  c.choice("--variant", flags->variant, {"imagenet", "cifar"}, "the net as published, or for 32x32 (imagenet)");
  c.option("--names", flags->names, "file of class names, one a line");
  c.option("--size", flags->size, "side of the pictures (as published)", 1);
  c.run([flags](Session& session) {
    const auto net = vision::adopt_weights(flags->model, flags->variant == "cifar", flags->weights, flags->size,
                                           read_names(flags->names));
    vision::save_run(flags->out, net);
    session.print({{"run", flags->out},
                   {"model", net.run.model},
                   {"variant", net.run.variant},
                   {"classes", net.run.class_names.size()},
                   {"parameters", net.run.parameters}},
                  [&](std::ostream& out) {
                    out << flags->out << ": " << net.run.model << ", " << net.run.class_names.size() << " classes, "
                        << net.run.parameters << " parameters\n";
                  });
  });
}

}  // namespace hanok::app
