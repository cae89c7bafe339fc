// Curves as pictures, for the folder of a run. No libtorch.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "hanok/image.h"

namespace hanok::train {

struct Curve {
  std::string name;
  std::vector<double> y;  // at x = 1, 2, 3, ...
};
/// Curves over epochs, 640 x 400. Values that are no numbers are left out; a curve with one value is a dot.
std::string plot_svg(const std::string& title, const std::vector<Curve>& curves);
/// The same for what shows no SVG; letters are capitals.
image::Image plot_picture(const std::string& title, const std::vector<Curve>& curves);
/// Both, as FILE.svg and FILE.png.
void write_plot(const std::filesystem::path& file, const std::string& title, const std::vector<Curve>& curves);

}  // namespace hanok::train
