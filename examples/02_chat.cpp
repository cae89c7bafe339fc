// 02: a chat with roles and history. Every turn is told all turns before it; a file keeps them.
// usage: 02_chat MODEL
#include <filesystem>
#include <iostream>

#include <hanok/hanok.h>

using namespace hanok;

int main(int argc, char** argv) {
  if (argc < 2) return std::cerr << "usage: 02_chat MODEL\n", 2;
  const auto model = chain::open_chat_model(argv[1], {.plain_if_none = true});
  const chain::ChatOptions options{
      .temperature = 0, .max_tokens = 40, .stop = {"\nuser:"}, .on_text = [](std::string_view piece) {
        std::cout << piece << std::flush;
        return true;  // false would end the answer here
      }};

  chain::Conversation talk("You are a kind librarian.");
  for (const char* question : {"Where do I find maps?", "And stories about the sea?"}) {
    std::cout << "\nuser: " << question << "\nassistant: ";
    const auto reply = talk.say(*model, question, options);
    std::cout << "\n(" << reply.prompt_tokens << " prompt tokens, " << reply.completion_tokens << " written, "
              << chain::finish_name(reply.finish) << ")\n";
  }

  // Kept, and gone on with.
  const auto file = std::filesystem::temp_directory_path() / "hanok-example-02.json";
  talk.save(file);
  chain::Conversation later = chain::Conversation::load(file);
  std::filesystem::remove(file);
  std::cout << "\nkept: " << later.messages().size() << " messages, the system says: " << later.system() << "\n";
  later.undo();
  std::cout << "after undo: " << later.messages().size() << "\n";

  // What no longer fits is left out from the oldest on, and the reply says how much.
  for (int i = 0; i < 400; ++i) {
    later.add({"user", "Tell me more about book number " + std::to_string(i) + "."});
    later.add({"assistant", "It is a good book."});
  }
  const auto fitted = later.fit(*model, options.max_tokens);
  std::cout << later.messages().size() << " messages, " << fitted.dropped << " left out, " << fitted.tokens
            << " tokens of " << model->context_tokens() << "\n";
}
