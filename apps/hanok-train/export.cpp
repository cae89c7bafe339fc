#include <filesystem>
#include <iostream>

#include "command.h"
#include "hanok/error.h"
#include "vision/export/onnx.h"
#include "vision/models/trained.h"

namespace hanok::app {
namespace {

struct Flags {
  std::string run, out, format = "onnx";
};

}  // namespace

void add_export(Command& vision) {
  Command c =
      vision.subcommand("export", "Writes a trained net for other programs.",
                        "onnx: a graph with weights, for onnxruntime and others. safetensors: the weights alone, "
                        "under torchvision's names.");
  auto flags = std::make_shared<Flags>();
  c.option("--run", flags->run, "folder of a trained net", true);
  c.option("--out", flags->out, "file to write", true);
  c.choice("--format", flags->format, {"onnx", "safetensors"}, "what to write (onnx)");
  c.run([flags](Session& session) {
    auto trained = vision::open_run(flags->run);
    if (flags->format == "onnx")
      vision::write_onnx(flags->out, trained);
    else
      vision::save_weights(flags->out, *trained.net);
    const auto bytes = std::filesystem::file_size(flags->out);
    session.print({{"file", flags->out}, {"format", flags->format}, {"bytes", bytes}},
                  [&](std::ostream& out) { out << flags->out << ": " << bytes << " bytes\n"; });
  });
}

}  // namespace hanok::app
