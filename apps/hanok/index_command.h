// The parts of hanok index: one file for each of making, measuring and converting; index.cpp has their flags.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "command.h"
#include "hanok/index.h"
#include "index/formats/vectors_io.h"

namespace hanok::app {

struct IndexFlags {
  std::string in, out, index, truth, type = "auto", metric = "l2";
  std::vector<std::string> set;
  size_t k = 10, clusters = 0, seed = 1, limit = 0, iterations = 25;
  double recall = 0.99;
  bool batch = false;
};

// Making (index_make.cpp).
void index_build(Session& session, const IndexFlags& flags);
void index_info(Session& session, const IndexFlags& flags);
void index_verify(Session& session, const IndexFlags& flags);
void index_cluster(Session& session, const IndexFlags& flags);

// Measuring (index_measure.cpp).
void index_search(Session& session, const IndexFlags& flags);
void index_tune(Session& session, const IndexFlags& flags);

// From and to other libraries' files (index_convert.cpp).
void index_convert(Session& session, const IndexFlags& flags);

// Shared by these.
/// Throws Invalid where a flag is missing, NotFound where the folder of an output is: said before hours of work.
void need(const std::string& value, const std::string& flag);
void need_folder(const std::string& out);
void need_neighbours(size_t k);
/// "ef=64" in two.
std::pair<std::string, std::string> key_value(const std::string& text);
/// limit 0: all rows.
index::formats::Vectors load_vectors(const std::string& file, size_t limit = 0);
/// An empty index of `type` with the session's threads.
std::unique_ptr<index::Index> new_index(const Session& session, const std::string& type, index::Metric metric,
                                        size_t dim, const std::vector<std::string>& set, size_t seed);

}  // namespace hanok::app
