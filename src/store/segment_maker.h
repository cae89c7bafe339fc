// Texts of chunks -> the bytes of a keyword segment, with the analysis on all cores.
#pragma once

#include <string>
#include <vector>

#include "hanok/text.h"
#include "store/bm25/segment.h"

namespace hanok::store {

class SegmentMaker {
 public:
  /// Ids ascend.
  void add(ChunkId id, std::string text);
  std::string finish();

 private:
  struct Item {
    ChunkId id;
    std::string text;
    std::vector<text::Term> terms;
  };
  void flush();

  bm25::SegmentBuilder builder_;
  std::vector<Item> window_;  // so that the terms of a large batch are never all in memory
};

}  // namespace hanok::store
