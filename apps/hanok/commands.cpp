#include "command.h"

namespace hanok::app {

void add_ingest(Command&);
void add_search(Command&);
void add_ask(Command&);
void add_collections(Command&);
void add_documents(Command&);
void add_eval(Command&);
void add_config(Command&);
void add_doctor(Command&);
void add_completion(Command&);

const std::vector<AddCommand>& command_table() {
  static const std::vector<AddCommand> table = {add_ingest, add_search, add_ask,    add_collections, add_documents,
                                                add_eval,   add_config, add_doctor, add_completion};
  return table;
}

}  // namespace hanok::app
