// What the routes of every vendor serve from: one store, one set of models. A vendor's folder has one function that
// adds its routes, void add_chroma_routes(Router&, House&); server.cpp calls them.
#pragma once

#include <memory>
#include <string>

#include "hanok/store.h"
#include "server/models.h"

namespace hanok::server {

class Metrics;

struct House {
  std::shared_ptr<store::Store> store;
  std::shared_ptr<Models> models;
  Metrics* metrics = nullptr;  // where routes count (Metrics::add); nullptr in tests
  std::string version;         // of hanok: "0.1.0"
  std::string data_folder;     // for files of a vendor's own beside the store
  bool allow_reset = false;    // a client may empty everything (Chroma's tests do)
  std::string ask_prompt;      // of answers from collections (AskOptions::prompt_template)
};

}  // namespace hanok::server
