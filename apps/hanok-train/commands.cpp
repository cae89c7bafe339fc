#include "command.h"

namespace hanok::app {

void add_train(Command&);
void add_eval(Command&);
void add_data(Command&);
void add_models(Command&);
void add_predict(Command&);
void add_explain(Command&);
void add_export(Command&);
void add_import(Command&);
void add_measure(Command&);
void add_compare(Command&);
void add_gan(Command&);

// In the order of `hanok vision --help`.
const std::vector<AddCommand>& vision_commands() {
  static const std::vector<AddCommand> table = {
      add_train,   add_eval,    add_compare, add_measure, add_data, add_models,
      add_predict, add_explain, add_export,  add_import,  add_gan,
  };
  return table;
}

}  // namespace hanok::app
