#include "vision/metrics/probabilities.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <string>

#include "hanok/error.h"

namespace hanok::vision {
namespace {

void check(const Probabilities& p, std::span<const uint32_t> truth, const char* what) {
  if (p.rows() != truth.size() || truth.empty())
    throw Error(Code::Invalid, std::string(what) + ": " + std::to_string(p.rows()) + " rows and " +
                                   std::to_string(truth.size()) + " true classes, expected one for each");
  for (size_t i = 0; i < truth.size(); ++i)
    if (truth[i] >= p.classes)
      throw Error(Code::Invalid, std::string(what) + ": row " + std::to_string(i) + " is of class " +
                                     std::to_string(truth[i]) + ", there are " + std::to_string(p.classes));
}

size_t most_probable(std::span<const double> row) {
  return static_cast<size_t>(std::max_element(row.begin(), row.end()) - row.begin());
}

// How many classes stand before c in the row.
size_t rank_of(std::span<const double> row, size_t c) {
  size_t before = 0;
  for (size_t i = 0; i < row.size(); ++i) before += row[i] > row[c] || (row[i] == row[c] && i < c);
  return before;
}

// Rows by falling score.
std::vector<size_t> falling(std::span<const double> score) {
  std::vector<size_t> order(score.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return score[a] > score[b]; });
  return order;
}

// Calls step(members, others) for each group of rows with one score, the highest first.
template <typename Step>
void by_threshold(std::span<const double> score, const std::vector<bool>& member, const Step& step) {
  if (score.size() != member.size())
    throw Error(Code::Invalid, "one class against the rest: " + std::to_string(score.size()) + " scores and " +
                                   std::to_string(member.size()) + " answers, expected one for each");
  const auto order = falling(score);
  for (size_t i = 0; i < order.size();) {
    double members = 0, others = 0;
    for (const double at = score[order[i]]; i < order.size() && score[order[i]] == at; ++i)
      (member[order[i]] ? members : others) += 1;
    step(members, others);
  }
}

std::vector<double> column(const Probabilities& p, size_t c) {
  std::vector<double> out;
  for (size_t i = 0; i < p.rows(); ++i) out.push_back(p.row(i)[c]);
  return out;
}

std::vector<bool> members_of(std::span<const uint32_t> truth, size_t c) {
  std::vector<bool> out;
  for (const uint32_t t : truth) out.push_back(t == c);
  return out;
}

}  // namespace

Probabilities softmax(std::span<const float> logits, size_t classes) {
  if (classes == 0 || logits.size() % classes != 0)
    throw Error(Code::Invalid, "softmax: " + std::to_string(logits.size()) + " numbers are no whole rows of " +
                                   std::to_string(classes) + " classes");
  Probabilities out{classes, std::vector<double>(logits.size())};
  for (size_t at = 0; at < logits.size(); at += classes) {
    const auto row = logits.subspan(at, classes);
    for (size_t c = 0; c < classes; ++c)
      if (!std::isfinite(row[c]))
        throw Error(Code::Invalid, "softmax: row " + std::to_string(at / classes) + ", class " + std::to_string(c) +
                                       " is " + std::to_string(row[c]) +
                                       ", expected a finite number; the model's weights are damaged or diverged");
    const double top = *std::max_element(row.begin(), row.end());
    double sum = 0;
    for (size_t c = 0; c < classes; ++c) sum += out.values[at + c] = std::exp(row[c] - top);
    for (size_t c = 0; c < classes; ++c) out.values[at + c] /= sum;
  }
  return out;
}

std::vector<uint32_t> most_probable(const Probabilities& p) {
  std::vector<uint32_t> out;
  for (size_t i = 0; i < p.rows(); ++i) out.push_back(static_cast<uint32_t>(most_probable(p.row(i))));
  return out;
}

double top_k_accuracy(const Probabilities& p, std::span<const uint32_t> truth, size_t k) {
  check(p, truth, "top-k accuracy");
  size_t right = 0;
  for (size_t i = 0; i < truth.size(); ++i) right += rank_of(p.row(i), truth[i]) < k;
  return static_cast<double>(right) / static_cast<double>(truth.size());
}

double log_loss(const Probabilities& p, std::span<const uint32_t> truth) {
  check(p, truth, "log-loss");
  double sum = 0;
  for (size_t i = 0; i < truth.size(); ++i)
    sum -= std::log(std::max(p.row(i)[truth[i]], std::numeric_limits<double>::min()));
  return sum / static_cast<double>(truth.size());
}

std::vector<CalibrationBin> calibration(const Probabilities& p, std::span<const uint32_t> truth, size_t bins) {
  check(p, truth, "calibration");
  if (bins == 0) throw Error(Code::Invalid, "calibration: 0 bins, expected at least 1");
  std::vector<CalibrationBin> out(bins);
  for (size_t b = 0; b < bins; ++b)
    out[b] = {static_cast<double>(b) / static_cast<double>(bins),
              static_cast<double>(b + 1) / static_cast<double>(bins)};
  for (size_t i = 0; i < truth.size(); ++i) {
    const size_t best = most_probable(p.row(i));
    const double confidence = p.row(i)[best];
    size_t b = 0;
    while (b + 1 < bins && confidence > out[b].upper) ++b;
    ++out[b].count;
    out[b].confidence += confidence;
    out[b].accuracy += best == truth[i];
  }
  for (auto& bin : out) {
    if (bin.count == 0) continue;
    bin.confidence /= static_cast<double>(bin.count);
    bin.accuracy /= static_cast<double>(bin.count);
  }
  return out;
}

double expected_calibration_error(std::span<const CalibrationBin> bins) {
  double sum = 0, rows = 0;
  for (const auto& bin : bins) {
    sum += static_cast<double>(bin.count) * std::abs(bin.accuracy - bin.confidence);
    rows += static_cast<double>(bin.count);
  }
  return rows == 0 ? 0 : sum / rows;
}

double roc_auc(std::span<const double> score, const std::vector<bool>& member) {
  double area = 0, above = 0, members = 0, others = 0;  // above: members at a higher threshold
  by_threshold(score, member, [&](double in, double out) {
    area += out * (above + in / 2);
    above += in;
    members += in;
    others += out;
  });
  return members == 0 || others == 0 ? 0.5 : area / (members * others);
}

double average_precision(std::span<const double> score, const std::vector<bool>& member) {
  double sum = 0, found = 0, seen = 0;
  by_threshold(score, member, [&](double in, double out) {
    found += in;
    seen += in + out;
    sum += in * found / seen;
  });
  return found == 0 ? 0 : sum / found;
}

double roc_auc(const Probabilities& p, std::span<const uint32_t> truth, size_t c) {
  check(p, truth, "area under the ROC curve");
  return roc_auc(column(p, c), members_of(truth, c));
}

double average_precision(const Probabilities& p, std::span<const uint32_t> truth, size_t c) {
  check(p, truth, "average precision");
  return average_precision(column(p, c), members_of(truth, c));
}

}  // namespace hanok::vision
