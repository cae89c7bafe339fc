// Waiting that ends with the context.
#pragma once

namespace hanok::base {

/// Sleeps; throws Cancelled or Unavailable soon after the current context has ended.
void wait_seconds(double seconds);

}  // namespace hanok::base
