// The plain version: tiles in memory, every instruction a loop.
#include "math/tiles_emulated.h"
// The kernels stand on the layer above.
#include "math/tile_products.h"

namespace hanok::math {

void fill_tile_products_emulated(TileKernels& table) { fill(table); }

}  // namespace hanok::math
