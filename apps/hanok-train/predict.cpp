#include <algorithm>
#include <iomanip>
#include <iostream>
#include <numeric>

#include "command.h"
#include "hanok/image.h"
#include "vision/eval/ask.h"
#include "vision/eval/picture_input.h"
#include "vision/metrics/probabilities.h"
#include "vision/models/trained.h"

namespace hanok::app {
namespace {

using base::OrderedJson;

struct Flags {
  std::string run;
  std::vector<std::string> files;
  size_t top = 5;
};

std::vector<size_t> likeliest(std::span<const double> row, size_t k) {
  std::vector<size_t> order(row.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return row[a] > row[b]; });
  order.resize(std::min(k, order.size()));
  return order;
}

OrderedJson predict(vision::TrainedNet& trained, const std::string& file, size_t top) {
  const auto picture = vision::fitted(trained.run, image::read_file(file));
  const auto p = vision::softmax(vision::logits(*trained.net, trained.run, vision::normalised(trained.run, picture)),
                                 trained.run.class_names.size());
  OrderedJson best = OrderedJson::array();
  for (const size_t c : likeliest(p.row(0), top))
    best.push_back({{"class", trained.run.class_names[c]}, {"probability", p.row(0)[c]}});
  return {{"file", file}, {"class", best[0]["class"]}, {"probability", best[0]["probability"]}, {"top", best}};
}

}  // namespace

void add_predict(Command& vision) {
  Command c = vision.subcommand("predict", "Says what pictures show.",
                                "PNG and JPEG files of any size: the largest part of the net's ratio around the centre "
                                "is resized to what it was trained with.");
  auto flags = std::make_shared<Flags>();
  c.option("--run", flags->run, "folder of a trained net", true);
  c.positionals("FILE", flags->files, "pictures");
  c.option("--top", flags->top, "classes to list for each", 1);
  c.run([flags](Session& session) {
    auto trained = vision::open_run(flags->run);
    OrderedJson rows = OrderedJson::array();
    for (const auto& file : flags->files) {
      Context::current().check();
      rows.push_back(predict(trained, file, flags->top));
    }
    session.print({{"pictures", rows}}, [&](std::ostream& out) {
      for (const auto& r : rows) {
        out << r["file"].get<std::string>() << ":";
        for (const auto& t : r["top"])
          out << "  " << t["class"].get<std::string>() << " " << std::fixed << std::setprecision(1)
              << 100 * t["probability"].get<double>() << "%";
        out << "\n";
      }
    });
  });
}

}  // namespace hanok::app
