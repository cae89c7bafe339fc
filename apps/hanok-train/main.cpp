#include <csignal>

#include "base/threads.h"
#include "command.h"

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);  // `hanok-train ... | head` ends with a failed write, not a signal
  return hanok::app::run_program(argc, argv, hanok::base::catch_interrupts());
}
