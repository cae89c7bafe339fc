// How fast this machine reads memory: what decoding is measured by.
#pragma once

namespace hanok::app {

/// Bytes a second that the context's threads together read and multiply: the best of several passes over a buffer far
/// larger than the caches.
double memory_bandwidth();

}  // namespace hanok::app
