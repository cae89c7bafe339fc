#include <algorithm>
#include <filesystem>
#include <iostream>
#include <set>

#include "command.h"
#include "hanok/error.h"
#include "hanok/image.h"
#include "vision/eval/ask.h"
#include "vision/eval/picture_input.h"
#include "vision/explain/sheets.h"
#include "vision/metrics/probabilities.h"
#include "vision/models/trained.h"

namespace hanok::app {
namespace {

namespace fs = std::filesystem;
using base::OrderedJson;

struct Flags {
  std::string run, out = "explain", name;
  std::vector<std::string> files;
};

size_t class_of(const nn::VisionRun& run, const std::string& name) {
  const auto at = std::find(run.class_names.begin(), run.class_names.end(), name);
  if (at != run.class_names.end()) return static_cast<size_t>(at - run.class_names.begin());
  std::string known;
  for (const auto& c : run.class_names) known += (known.empty() ? "" : ", ") + c;
  throw Error(Code::NotFound, run.model + ": has no class '" + name + "'; there are: " + known);
}

std::string file_name(const std::string& layer) {
  std::string out = layer;
  std::replace(out.begin(), out.end(), ' ', '-');
  return out;
}

class Explainer {
 public:
  Explainer(const Flags& flags) : flags_(flags), trained_(vision::open_run(flags.run)) {
    std::error_code error;
    fs::create_directories(flags_.out, error);
    if (error) throw Error(Code::Unavailable, flags_.out + ": the folder cannot be made: " + error.message());
  }

  OrderedJson filters() {
    const auto found = vision::first_filters(*trained_.net);
    return write("filters.png", vision::filters_sheet(found));
  }

  OrderedJson explain(const std::string& file) {
    std::string stem = fs::path(file).stem().string();
    for (size_t n = 2; !stems_.insert(stem).second; ++n)  // a/x.png and b/x.png
      stem = fs::path(file).stem().string() + "-" + std::to_string(n);
    const auto picture = vision::fitted(trained_.run, image::read_file(file));
    const auto x = vision::normalised(trained_.run, picture);
    const auto p = vision::softmax(vision::logits(*trained_.net, trained_.run, x), trained_.run.class_names.size());
    const size_t target = flags_.name.empty() ? vision::most_probable(p)[0] : class_of(trained_.run, flags_.name);
    const auto cam = vision::grad_cam(*trained_.net, trained_.run, x, target);
    OrderedJson maps = OrderedJson::array();
    size_t number = 0;
    for (const auto& layer : vision::feature_maps(*trained_.net, trained_.run, x)) {
      if (layer.kind != "conv" && layer.kind != "max pool" && layer.kind != "average pool") continue;
      const std::string name = layer.name.empty() ? layer.kind : layer.name;
      maps.push_back(
          write(stem + "-maps-" + (number < 9 ? "0" : "") + std::to_string(number + 1) + "-" + file_name(name) + ".png",
                vision::maps_sheet(layer)));
      ++number;
    }
    return {{"file", file},
            {"class", trained_.run.class_names[target]},
            {"probability", p.row(0)[target]},
            {"layer", cam.layer},
            {"grad_cam", write(stem + "-grad-cam.png", vision::class_map_sheet(picture, cam))},
            {"feature_maps", maps}};
  }

 private:
  std::string write(const std::string& name, const image::Image& picture) {
    const fs::path file = fs::path(flags_.out) / name;
    image::write_png_file(file, picture);
    return file.string();
  }

  const Flags& flags_;
  vision::TrainedNet trained_;
  std::set<std::string> stems_;  // of the pictures so far
};

}  // namespace

void add_explain(Command& vision) {
  Command c = vision.subcommand(
      "explain", "Shows what a net looks at: Grad-CAM, filters, feature maps, as PNG files.",
      "NAME-grad-cam.png: the picture, where it speaks for the class, and both over one "
      "another. NAME-maps-NN-LAYER.png: what each convolution and pool makes of it. filters.png: the kernels "
      "of the first convolution. Of two pictures with one name the second is NAME-2.");
  auto flags = std::make_shared<Flags>();
  c.option("--run", flags->run, "folder of a trained net", true);
  c.positionals("FILE", flags->files, "pictures", false);
  c.option("--out", flags->out, "folder for the pictures (explain)");
  c.option("--class", flags->name, "explain this class (default: what the net sees)");
  c.run([flags](Session& session) {
    Explainer explainer(*flags);
    OrderedJson result = {{"filters", explainer.filters()}, {"pictures", OrderedJson::array()}};
    for (const auto& file : flags->files) {
      Context::current().check();
      result["pictures"].push_back(explainer.explain(file));
    }
    session.print(result, [&](std::ostream& out) {
      out << result["filters"].get<std::string>() << "\n";
      for (const auto& p : result["pictures"])
        out << p["grad_cam"].get<std::string>() << "  " << p["class"].get<std::string>() << ", layer "
            << p["layer"].get<std::string>() << "; " << p["feature_maps"].size() << " sheets of feature maps\n";
    });
  });
}

}  // namespace hanok::app
