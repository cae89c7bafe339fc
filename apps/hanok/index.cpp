// hanok index: vector indexes as files, without a collection.
#include <memory>

#include "index_command.h"

namespace hanok::app {

void add_index(Command& root) {
  auto flags = std::make_shared<IndexFlags>();
  Command group = root.group("index", "Vector indexes as files.");
  const std::string vectors = "vectors: .npy .fvecs .bvecs .fbin .u8bin, IDX; .gz too";

  Command c = group.subcommand(
      "build", "Build an index from a file of vectors.",
      "  hanok index build --in base.fvecs --type hnsw --metric l2 --out base.idx\n"
      "  hanok index build --in base.npy --type ivf --set nlist=256 --set M=64 --metric cosine --out base.idx\n"
      "  hanok index build --in large.npy --type disk --metric cosine --out large.idx     more than memory holds");
  c.option("--in", flags->in, vectors);
  c.choice("--type", flags->type, {"flat", "ivf", "hnsw", "disk", "auto"}, "kind of index (default auto)");
  c.choice("--metric", flags->metric, {"l2", "ip", "cosine"}, "distance (default l2)");
  c.option("--set", flags->set, "key=value, the kind's own; may be repeated");
  c.option("--seed", flags->seed, "of everything random (default 1)");
  c.option("--limit", flags->limit, "only the first so many vectors");
  c.option("--out", flags->out, "file to write");
  c.run([flags](Session& session) { index_build(session, *flags); });

  c = group.subcommand(
      "search", "Search an index, and measure.",
      "  hanok index search --index base.idx --in query.fvecs -k 10 --set ef=64,96,128 --truth gt.ivecs\n"
      "One result a setting; the best of three passes, one query at a time, or all at once with --batch.");
  c.option("--index", flags->index, "index file");
  c.option("--in", flags->in, "queries; " + vectors);
  c.option("-k", flags->k, "neighbours a query (default 10)");
  c.option("--set", flags->set, "ef=, nprobe= or rerank=; several values with commas");
  c.option("--truth", flags->truth, "exact neighbours (.ivecs), for recall");
  c.option("--limit", flags->limit, "only the first so many queries");
  c.flag("--batch", flags->batch, "all queries in one call");
  c.option("--out", flags->out, "ids found (.ivecs or .ibin)");
  c.run([flags](Session& session) { index_search(session, *flags); });

  c = group.subcommand("info", "What an index file holds.");
  c.positional("FILE", flags->in, "index file");
  c.run([flags](Session& session) { index_info(session, *flags); });

  c = group.subcommand("verify", "Compare every checksum of an index file.");
  c.positional("FILE", flags->in, "index file");
  c.run([flags](Session& session) { index_verify(session, *flags); });

  c = group.subcommand("convert", "From and to the files of FAISS and hnswlib.",
                       "  hanok index convert theirs.faiss ours.idx\n"
                       "  hanok index convert ours.idx theirs.faiss        .faiss: FAISS; .bin: hnswlib; else hanok\n"
                       "Graphs and cells are built again for the library that will read them.");
  c.positional("FROM", flags->in, "index file");
  c.positional("TO", flags->out, "index file to write");
  c.choice("--type", flags->type, {"flat", "ivf", "hnsw", "disk", "auto"},
           "kind to make of a foreign file (default: like what it was)");
  c.choice("--metric", flags->metric, {"l2", "ip", "cosine"}, "of an hnswlib file, which does not say (default l2)");
  c.option("--set", flags->set, "key=value of the new index; may be repeated");
  c.run([flags](Session& session) { index_convert(session, *flags); });

  c = group.subcommand("cluster", "k-means of a file of vectors.");
  c.positional("FILE", flags->in, vectors);
  c.option("--clusters", flags->clusters, "how many");
  c.option("--iterations", flags->iterations, "at most (default 25)");
  c.option("--seed", flags->seed, "of the seeding (default 1)");
  c.option("--limit", flags->limit, "only the first so many vectors");
  c.option("--out", flags->out, "centroids to write");
  c.run([flags](Session& session) { index_cluster(session, *flags); });

  c = group.subcommand("tune", "Find the fastest search setting that reaches a recall, and store it in the file.",
                       "  hanok index tune --index base.idx --recall 0.99 --in sample-queries.npy\n"
                       "Without --in the index is built once more without 1,000 of its vectors; they are the queries,\n"
                       "as they are and moved off the set as questions lie. With --in they are your own.");
  c.option("--index", flags->index, "index file");
  c.option("--recall", flags->recall, "to be reached (default 0.99)");
  c.option("--in", flags->in, "queries; " + vectors);
  c.option("-k", flags->k, "neighbours a query (default 10)");
  c.option("--limit", flags->limit, "only the first so many queries");
  c.option("--seed", flags->seed, "of the queries that are made (default 1)");
  c.run([flags](Session& session) { index_tune(session, *flags); });
}

}  // namespace hanok::app
