// ONNX files of trained nets, for other runtimes (onnxruntime, OpenVINO, browsers).
#pragma once

#include <filesystem>

#include "vision/models/trained.h"

namespace hanok::vision {

/// Writes the net as an ONNX graph: input "input" [N, C, H, W], normalised, output "logits" [N, classes], N free; what
/// a picture needs before it (mean, std, class names) is in the file's metadata. The graph is what one forward pass in
/// evaluation mode does, so dropout is gone. Opset 17 (20 where the net has GELU). Adaptive average pools that do not
/// come out even are two products with matrices. Written whole or not at all; memory: that of the net.
void write_onnx(const std::filesystem::path& file, TrainedNet& trained);

}  // namespace hanok::vision
