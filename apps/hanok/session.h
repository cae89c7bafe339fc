// What every subcommand has at hand: settings (flag, environment, file, default), the store, output.
#pragma once

#include <functional>
#include <iosfwd>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "hanok/context.h"
#include "hanok/store.h"

namespace hanok::app {

/// A setting that can come from a flag, an environment variable or the configuration file, in this order.
struct Setting {
  std::string key, environment, fallback, help;
};
const std::vector<Setting>& setting_table();

class Session {
 public:
  // Filled by the flags that all subcommands share.
  bool json = false, quiet = false;
  std::string data_flag, collection_flag, embedding_flag, precision_flag, trace_flag, cache_flag;
  size_t threads_flag = 0;
  CancelSource interrupts;  // Ctrl-C
  bool background = false;  // index vectors beside other work (StoreOptions): for a process that stays
  int status = 0;           // the process's exit status after an action that printed its result all the same

  /// The value in force and where it came from ("flag", "HANOK_DATA", "/home/.../config.json", "default").
  std::pair<std::string, std::string> setting(const std::string& key) const;
  std::string get(const std::string& key) const { return setting(key).first; }
  std::string config_path() const;
  base::Json config_file() const;

  std::string data_folder() const;
  std::string collection_name() const;
  store::Store& store(bool write);
  /// The collection named by -c; NotFound with what to do when it is not there and create is false.
  store::Collection& collection(bool write, bool create = false);

  /// The address of a server that has the data directory open for writing, as it says itself; "" where none does.
  std::string server_of_data() const;

  /// With --json: the object on one line; otherwise what `human` writes.
  void print(const base::OrderedJson& value, const std::function<void(std::ostream&)>& human) const;
  void note(const std::string& line) const;  // to stderr, unless --quiet
  bool colours() const;                      // stdout is a terminal, NO_COLOR is not set
  /// A bar with rate and time left on stderr when that is a terminal; otherwise nothing.
  std::function<void(const Progress&)> progress_bar() const;
  /// work() under that bar, which is gone when it ends.
  template <class Work>
  auto with_bar(Work work) const {
    const Context::Scope scope(Context::current().with_progress(progress_bar()));
    return work();
  }
  /// Collection::build_index under that bar, with --threads.
  bool build_index(store::Collection& collection, bool anew) const;

 private:
  std::unique_ptr<store::Store> store_;
  bool store_writes_ = false;
};

/// "1,234", "2.5 MB", "3 min 20 s": for people.
std::string with_commas(uint64_t n);
std::string human_bytes(double bytes);
std::string human_seconds(double seconds);

}  // namespace hanok::app
