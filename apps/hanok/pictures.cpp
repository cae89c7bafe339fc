#include "pictures.h"

#include <algorithm>
#include <iomanip>
#include <optional>
#include <ostream>

#include "base/file.h"
#include "models_in_use.h"
#include "show.h"

namespace hanok::app {
namespace {

constexpr size_t kTogether = 64;  // pictures that are read before the net sees them

base::OrderedJson to_json(const std::vector<chain::PictureHit>& hits) {
  base::OrderedJson out = base::OrderedJson::array();
  for (size_t i = 0; i < hits.size(); ++i) {
    const auto& hit = hits[i];
    out.push_back({{"rank", i + 1},
                   {"score", hit.score},
                   {"path", hit.path},
                   {"label", hit.label.name},
                   {"label_probability", hit.label.probability},
                   {"width", hit.width},
                   {"height", hit.height}});
  }
  return out;
}

PictureModel open_model(const store::Collection& collection, const std::string& named,
                        const std::optional<store::VectorSpace>& space) {
  if (!named.empty()) return PictureModel(named);
  try {
    return PictureModel(space->model);
  } catch (const Error& e) {
    throw Error(e.code(), "collection '" + collection.name() + "' has its vectors by a net that cannot be read: " +
                              e.what() + ". Bring it back, or name another: --image-model RUN");
  }
}

}  // namespace

bool reads_pictures(const std::string& image_model, const store::Collection& collection) {
  const auto space = collection.vector_space();
  return !image_model.empty() || (space && chain::holds_pictures(*space));
}

chain::IngestReport ingest_pictures(Session& session, store::Collection& collection, const std::string& image_model,
                                    const std::vector<std::string>& paths, const chain::PictureIngestOptions& options) {
  const auto pending = collection.pending_space(), space = pending ? pending : collection.vector_space();
  const PictureModel model = open_model(collection, image_model, space);
  if (space && chain::holds_pictures(*space) && space->fingerprint != model.fingerprint())
    session.note("note: '" + collection.name() + "' was embedded by " + space->model +
                 (space->model == model.space().model ? ", which has changed" : "") + "; embedding its pictures by " +
                 model.space().model + ". Until all are done the old vectors answer");
  const std::vector<std::filesystem::path> files(paths.begin(), paths.end());
  return session.with_bar([&] { return chain::ingest_pictures(collection, files, model, options); });
}

void search_pictures(Session& session, const PictureSearch& search) {
  const auto snapshot = session.collection(false).snapshot();
  const PictureModel model = chain::picture_model_of(*snapshot);
  const image::Image picture = image::read_file(search.image);
  const auto hits =
      chain::search_pictures(*snapshot, model, picture, {.k = search.k, .filter = parse_where(search.where)});
  base::OrderedJson json = {{"image", search.image}, {"model", model.space().model}, {"results", to_json(hits)}};
  if (!search.html.empty()) {
    const std::string name = std::filesystem::path(search.image).filename().string();
    base::write_file_atomic(search.html, chain::picture_page("Pictures like " + name, picture, hits));
    json["html"] = search.html;
  }
  session.print(json, [&](std::ostream& out) {
    for (size_t i = 0; i < hits.size(); ++i) {
      out << std::setw(3) << i + 1 << "  " << std::fixed << std::setprecision(3) << hits[i].score << "  "
          << short_path(hits[i].path);
      if (!hits[i].label.name.empty()) out << "  (" << hits[i].label.name << ")";
      out << "\n";
    }
    if (hits.empty()) out << "no pictures\n";
    if (!search.html.empty()) out << "page: " << search.html << "\n";
  });
}

EmbeddedPictures embed_pictures(Session& session, const PictureModel& model, const std::vector<std::string>& files) {
  EmbeddedPictures out{{0, model.dim(), {}}, {}};
  session.with_bar([&] {
    for (size_t first = 0; first < files.size(); first += kTogether) {
      Context::current().check();
      Context::current().tell({first, files.size(), "embedding", files[first], {}});
      std::vector<float> seen;
      for (size_t i = first; i < std::min(files.size(), first + kTogether); ++i) {
        const auto one = model.prepare(image::read_file(files[i]));
        seen.insert(seen.end(), one.begin(), one.end());
      }
      PictureModel::Reading reading = model.read(seen);
      out.vectors.rows += reading.vectors.rows;
      out.vectors.data.insert(out.vectors.data.end(), reading.vectors.data.begin(), reading.vectors.data.end());
      for (auto& label : reading.labels) out.labels.push_back(std::move(label));
    }
  });
  return out;
}

}  // namespace hanok::app
