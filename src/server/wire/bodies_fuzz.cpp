// Bodies of Chroma's and Pinecone's requests, as their handlers read them: no input may crash, hang, or throw anything
// but an Error. The first byte says which.
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/json.h"
#include "hanok/error.h"
#include "server/chroma/batch.h"
#include "server/chroma/configuration.h"
#include "server/chroma/search_body.h"
#include "server/chroma/where.h"
#include "server/pinecone/documents.h"
#include "server/pinecone/vectors.h"

namespace {

using namespace hanok::server;

void read(uint8_t door, std::string_view text) {
  constexpr size_t kDim = 3;
  if (door % 8 == 6) {
    const auto json = hanok::base::parse_json(text, "body");
    const auto made = pinecone::read_create(json);
    (void)pinecone::show(made.model, {.name = made.name}, "http://a");
    auto model = made.model;
    pinecone::configure(model, json);
    return;
  }
  if (door % 8 == 7) {
    const Body body(text);
    const auto part = [&](const char* name) -> chroma::Tree {
      const auto value = member(body.object(), name);
      return value ? chroma::Tree(ordered_json_of(*value)) : chroma::Tree();
    };
    auto made = chroma::describe(part("configuration"), part("schema"), part("metadata"));
    (void)made.configuration();
    chroma::update(made, part("new_configuration"));
    (void)chroma::from_note(chroma::to_note(made));
    return;
  }
  const Body body(text);
  const pinecone::IndexModel model{.metric = "dotproduct", .dimension = kDim};
  switch (door % 8) {
    case 0:
      (void)hanok::store::Filter(chroma::read_where(body.object()));
      break;
    case 1:
      (void)chroma::read_batch(body.object(), chroma::BatchKind::Upsert, kDim);
      break;
    case 2:
      (void)chroma::read_search(body.root());
      break;
    case 3:
      (void)pinecone::read_vector(body.root(), "", model, "vectors[0]");
      break;
    case 4:
      (void)pinecone::read_filter(body.root(), false);
      break;
    default:
      (void)pinecone::read_document(body.object(), "", model, "documents[0]", true);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  try {
    read(data[0], {reinterpret_cast<const char*>(data) + 1, size - 1});
  } catch (const hanok::Error&) {
  }
  return 0;
}
