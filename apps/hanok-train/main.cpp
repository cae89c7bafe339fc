#include <csignal>

#include "base/threads.h"
#include "command.h"
#include "train/machine.h"

int main(int argc, char** argv) {
  hanok::train::prepare_environment(argv);
  std::signal(SIGPIPE, SIG_IGN);  // `hanok-train ... | head` ends with a failed write, not a signal
  return hanok::app::run_program(argc, argv, hanok::base::catch_interrupts());
}
