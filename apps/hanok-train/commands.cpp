#include "command.h"

namespace hanok::app {

void add_models(Command&);

// In the order of `hanok vision --help`.
const std::vector<AddCommand>& vision_commands() {
  static const std::vector<AddCommand> table = {
      add_models,
  };
  return table;
}

}  // namespace hanok::app
