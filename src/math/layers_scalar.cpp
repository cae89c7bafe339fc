#include "math/layer_lanes.h"

namespace hanok::math {

void fill_layers_scalar(LayerKernels& table) { fill(table); }

}  // namespace hanok::math
