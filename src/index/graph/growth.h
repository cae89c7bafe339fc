// How fast the number of neighbours grows with distance, measured by walks over a finished graph: what turns the `ef`
// of a search into the distance at which it may stop.
#pragma once

#include <cstdint>
#include <functional>

#include "index/graph/graph.h"

namespace hanok::index {

/// Sets graph.growth so that over queries like the graph's own nodes a walk of Reach{ef, k} expands about ef; zeros
/// where there are too few nodes to measure, or too many that are alike. write_query(node, record) writes the node's
/// vector as a query's record; it is called from several threads.
void measure_growth(Graph& graph, const std::function<void(uint32_t node, uint8_t* record)>& write_query, uint64_t seed,
                    size_t threads);

}  // namespace hanok::index
