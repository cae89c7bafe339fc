// 12: what the course does with Pinecone's client, in C++: an index of vectors with metadata, namespaces, conditions,
// sparse vectors beside dense ones. examples/clients/ has the same with the client itself, pointed at `hanok serve`.
#include <filesystem>
#include <iostream>

#include <hanok/hanok.h>

using namespace hanok;

namespace {

void show(const char* what, const store::RecordSnapshot& now, const std::vector<store::Match>& found) {
  std::cout << what << ":";
  for (const auto& match : found)
    std::cout << " " << now.fetch(std::span(&match.chunk, 1))[0].id << " (" << match.score << ")";
  std::cout << "\n";
}

}  // namespace

int main() {
  const auto folder = std::filesystem::temp_directory_path() / "hanok-example-12";
  std::filesystem::remove_all(folder);
  {
    const auto house = store::Store::open(folder);
    // create_index(name="films", dimension=3, metric="dotproduct")
    const auto films =
        house->catalog().create({.name = "films", .metric = store::Metric::InnerProduct, .dim = size_t{3}});

    // upsert: a record that is there is replaced
    films->write(store::WriteMode::Replace,
                 {{.id = "parasite", .metadata = {{"genre", "drama"}, {"year", 2019}}, .vector = {0.9F, 0.1F, 0}},
                  {.id = "okja", .metadata = {{"genre", "drama"}, {"year", 2017}}, .vector = {0.7F, 0.2F, 0.1F}},
                  {.id = "train", .metadata = {{"genre", "horror"}, {"year", 2016}}, .vector = {0.1F, 0.9F, 0}},
                  {.ns = "series", .id = "kingdom", .metadata = {{"genre", "horror"}}, .vector = {0.2F, 0.8F, 0}}});

    // query(vector, top_k=2), in the default namespace
    const auto now = films->read();
    const std::vector<float> drama{1, 0, 0};
    show("near drama", *now, now->nearest(drama, {.k = 2, .among = {.ns = ""}}));

    // query(..., filter={"year": {"$lt": 2019}})
    const store::Filter old(store::Json{{"year", {{"$lt", 2019}}}});
    show("older", *now, now->nearest(drama, {.k = 2, .among = {.ns = "", .where = old}}));
    show("series", *now, now->nearest(drama, {.k = 2, .among = {.ns = "series"}}));

    // update(id="okja", set_metadata={"seen": True}); delete(ids=["train"])
    films->write(store::WriteMode::Update, {{.id = "okja", .metadata = {{"seen", true}}}});
    films->remove({.ns = "", .ids = std::vector<std::string>{"train"}});
    // What was read before stays as it was; the next read sees both.
    std::cout << "then " << now->count() << ", now " << films->read()->count() << "\n";

    // Words beside meaning: the score is the sum of both products.
    films->write(store::WriteMode::Update, {{.id = "okja", .sparse = {{7, 9}, {1, 2}}}});
    const auto later = films->read();
    show("with words", *later, later->nearest_both(drama, {{9}, {0.5F}}, {.k = 2, .among = {.ns = ""}}));
  }
  std::filesystem::remove_all(folder);
}
