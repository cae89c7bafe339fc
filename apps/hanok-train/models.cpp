#include <iomanip>
#include <iostream>

#include "command.h"
#include "vision/models/models.h"

namespace hanok::app {

void add_models(Command& vision) {
  Command c = vision.subcommand("models", "Lists the nets there are.");
  c.run([](Session& session) {
    base::OrderedJson rows = base::OrderedJson::array();
    for (const auto& kind : vision::models()) {
      const auto net = vision::make_model({.name = kind.name, .classes = 10, .input = kind.input});
      rows.push_back({{"name", kind.name}, {"parameters", vision::count_parameters(*net)}, {"about", kind.about}});
    }
    session.print({{"models", rows}}, [&](std::ostream& out) {
      for (const auto& row : rows)
        out << std::left << std::setw(12) << row["name"].get<std::string>() << std::right << std::setw(12)
            << row["parameters"].get<int64_t>() << "  " << row["about"].get<std::string>() << "\n";
    });
  });
}

}  // namespace hanok::app
