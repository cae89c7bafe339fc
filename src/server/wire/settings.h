// Settings of collections that are made for clients.
#pragma once

#include "hanok/records.h"

namespace hanok::server {

// By itself a collection is scanned up to 10,000,000 / dim vectors, 3 ms on one core: right for one who asks now and
// then. A server that answers many at once has an index from here on, which costs a tenth of the scan.
inline constexpr int kServedExactBelow = 5000;

inline store::Json served_settings() { return {{"index", {{"type", "auto"}, {"exact_below", kServedExactBelow}}}}; }

}  // namespace hanok::server
