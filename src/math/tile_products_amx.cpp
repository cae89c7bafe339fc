// AMX.
#include "math/tiles_amx.h"
// The kernels stand on the layer above.
#include "math/tile_products.h"

namespace hanok::math {

void fill_tile_products_amx(TileKernels& table) { fill(table); }

}  // namespace hanok::math
