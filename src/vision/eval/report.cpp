#include "vision/eval/report.h"

#include <algorithm>
#include <cmath>

#include "hanok/error.h"
#include "image/lettering.h"
#include "vision/explain/colours.h"

namespace hanok::vision {
namespace {

constexpr size_t kPictureSide = 144;  // of a mistake: a small picture is enlarged to about so many pixels
constexpr size_t kTextScale = 2;

std::string short_name(const std::vector<std::string>& names, size_t c) {
  return image::can_write(names[c]) && !names[c].empty() ? names[c] : std::to_string(c);
}

std::vector<Mistake> worst_mistakes(const Probabilities& p, std::span<const uint32_t> truth,
                                    const std::vector<uint32_t>& predicted, size_t most) {
  std::vector<Mistake> out;
  for (size_t i = 0; i < truth.size(); ++i)
    if (predicted[i] != truth[i]) out.push_back({i, truth[i], predicted[i], p.row(i)[predicted[i]]});
  std::stable_sort(out.begin(), out.end(),
                   [](const Mistake& a, const Mistake& b) { return a.confidence > b.confidence; });
  out.resize(std::min(out.size(), most));
  return out;
}

}  // namespace

Report make_report(std::span<const float> logits, std::span<const uint32_t> truth, size_t classes, size_t worst) {
  if (truth.empty()) throw Error(Code::Invalid, "evaluation: there are no pictures, expected at least one");
  const Probabilities p = softmax(logits, classes);
  const auto predicted = most_probable(p);
  Report out;
  out.pictures = truth.size();
  out.counts = confusion(truth, predicted, classes);
  out.scores = score(out.counts);
  out.top_k = std::min<size_t>(out.top_k, classes);
  out.top_k_accuracy = top_k_accuracy(p, truth, out.top_k);
  out.log_loss = log_loss(p, truth);
  out.bins = calibration(p, truth);
  out.calibration_error = expected_calibration_error(out.bins);
  for (size_t c = 0; c < classes; ++c) {
    out.auc.push_back(roc_auc(p, truth, c));
    out.average_precision.push_back(average_precision(p, truth, c));
  }
  out.worst = worst_mistakes(p, truth, predicted, worst);
  return out;
}

image::Image mistakes_sheet(std::span<const Mistake> mistakes, std::span<const image::Image> pictures,
                            const std::vector<std::string>& class_names) {
  std::vector<image::Image> cells;
  for (size_t i = 0; i < mistakes.size(); ++i) {
    const Mistake& m = mistakes[i];
    const auto large = enlarge(pictures[i], std::max<size_t>(1, kPictureSide / pictures[i].width));
    const std::string percent = std::to_string(std::lround(100 * m.confidence)) + "%";
    // Names share what the width leaves beside " > " and the percentage.
    const size_t letters = large.width / (4 * kTextScale), each = (letters - std::min(letters, 4 + percent.size())) / 2;
    cells.push_back(image::labelled(large,
                                    short_name(class_names, m.truth).substr(0, each) + " > " +
                                        short_name(class_names, m.predicted).substr(0, each) + " " + percent,
                                    kTextScale));
  }
  return image::sheet(cells, {.gap = 6});
}

image::Image confusion_sheet(const Confusion& counts, const std::vector<std::string>& class_names) {
  constexpr size_t kCell = 28;
  const auto matrix = confusion_picture(counts.counts, counts.classes, kCell);
  size_t margin = 0;
  for (size_t c = 0; c < counts.classes; ++c)
    margin = std::max(margin, image::text_width(short_name(class_names, c), kTextScale));
  margin = std::min<size_t>(margin, 200) + 8;
  image::Image out{matrix.width + margin, matrix.height, 3, {}};
  out.pixels.assign(out.width * out.height * 3, 255);
  for (size_t y = 0; y < matrix.height; ++y)
    std::copy_n(&matrix.pixels[matrix.at(0, y)], matrix.width * 3, &out.pixels[out.at(margin, y)]);
  for (size_t c = 0; c < counts.classes; ++c)
    image::write_text(out, 0, c * kCell + kCell / 3, short_name(class_names, c).substr(0, margin / 8), kTextScale);
  return out;
}

}  // namespace hanok::vision
