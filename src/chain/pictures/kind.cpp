#include "chain/pictures/kind.h"

namespace hanok::chain {

bool holds_pictures(const store::VectorSpace& space) { return space.fingerprint.rfind("picture:", 0) == 0; }

void check_holds_texts(const store::Collection& collection) {
  const auto space = collection.vector_space();
  if (space && holds_pictures(*space))
    throw Error(Code::Invalid, "collection '" + collection.name() + "' holds pictures, embedded by " + space->model +
                                   "; texts need a collection of their own: -c NAME");
}

void check_holds_pictures(const store::Collection& collection) {
  const auto space = collection.vector_space();
  if (space ? holds_pictures(*space) : collection.chunk_count() == 0) return;
  throw Error(Code::Invalid,
              "collection '" + collection.name() + "' holds texts; pictures need a collection of their own: -c NAME");
}

}  // namespace hanok::chain
