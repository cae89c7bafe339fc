// hanok chat: a conversation with a language model, at a terminal or from a pipe.
#include <algorithm>
#include <csignal>
#include <iostream>
#include <random>

#include "answer_flags.h"
#include "base/clock.h"
#include "base/file.h"
#include "chat_models.h"
#include "chat_session.h"
#include "command.h"
#include "hanok/error.h"
#include "line_editor.h"
#include "memory_flags.h"

namespace hanok::app {
namespace {

constexpr const char* kHelp =
    "/help              this text\n"
    "/system [TEXT]     show the system message, or set it (/system - takes it away)\n"
    "/clear             forget the conversation, keep the system message\n"
    "/undo              forget the last question and its answer\n"
    "/retry             ask the last question again\n"
    "/set [KEY VALUE]   show the settings, or change one\n"
    "/adapter [NAME]    show the adapters, or answer with one from now on (/adapter - with the model as it is)\n"
    "/history           show the conversation\n"
    "/memory            show what the model is told of it (--memory)\n"
    "/save [NAME]       keep the conversation as session NAME (hanok chat --session NAME goes on with it)\n"
    "/exit              end; so does Ctrl-D\n"
    "Alt-Enter, Ctrl-J or a backslash before Enter begin a new line; where lines come from a pipe, \"\"\" before and\n"
    "after hold several together. Ctrl-C stops an answer. //text says /text.";

// SIGTERM, which ends the chat; Ctrl-C ends an answer.
volatile std::sig_atomic_t told_to_end = 0;

void end_on_sigterm(const CancelSource& interrupts) {
  static CancelSource source;
  source = interrupts;
  std::signal(SIGTERM, [](int) {
    told_to_end = 1;
    source.cancel();
  });
}

struct Flags {
  std::string system, session, overflow = "drop";
  ChatFlags model;
  AnswerFlags answer;
  ConstraintFlags constraint;
  MemoryFlags memory;
  bool list = false;
};

/// Lines of fd 0: edited where it is a terminal, as they come where it is a pipe.
class Input {
 public:
  Input(CancelSource interrupts, bool edited) : bytes_(0, interrupts), edited_(edited), editor_(interrupts) {}
  enum class Got { Message, Nothing, End };

  Got read(std::string& message) {
    message.clear();
    if (!edited_) return read_plain(message);
    switch (editor_.read("> ", ". ", message)) {
      case LineEditor::End::Text:
        return Got::Message;
      case LineEditor::End::Interrupted:
        return Got::Nothing;
      case LineEditor::End::Closed:
        break;
    }
    return Got::End;
  }
  void remember(const std::string& message) { editor_.remember(message); }

 private:
  bool line(std::string& out) {
    out.clear();
    int byte = 0;
    while ((byte = bytes_.next()) >= 0 && byte != '\n') out += static_cast<char>(byte);
    if (!out.empty() && out.back() == '\r') out.pop_back();
    return byte >= 0 || !out.empty();
  }

  // A line; several that end in a backslash; or all between two lines of """.
  Got read_plain(std::string& message) {
    constexpr std::string_view kFence = "\"\"\"";
    std::string next;
    if (!line(next)) return Got::End;
    if (next == kFence) {
      while (line(next) && next != kFence) message += (message.empty() ? "" : "\n") + next;
      message = text::nfc(message);
      return Got::Message;
    }
    message = next;
    while (message.ends_with('\\') && line(next)) {
      message.pop_back();
      message += "\n" + next;
    }
    message = text::nfc(message);
    return Got::Message;
  }

  ByteReader bytes_;
  bool edited_;
  LineEditor editor_;
};

class Talk {
 public:
  Talk(Session& session, Flags& flags)
      : session_(session),
        flags_(flags),
        chat_(need_chat(session, model_of(flags))),
        overflow_(flags.overflow == "error" ? chain::Overflow::Error : chain::Overflow::DropOldest),
        people_(LineEditor::possible() && !session.json),
        input_(session.interrupts, people_) {
    constraint_ = flags.constraint.constraint();
    if (!flags.model.adapters.empty()) adapter_ = flags.model.adapter_names()[0];
    if (!flags.session.empty()) open(flags.session);
    if (!flags.system.empty()) talk_.set_system(flags.system);
    if (flags_.memory.given()) memory_ = flags_.memory.open(session, chat_.model, talk_, flags.session);
    for (const auto& m : talk_.messages())
      if (m.role == "user") input_.remember(m.text());
  }

  // Without a seed each answer has one of its own, which never comes again.
  static ChatFlags model_of(const Flags& flags) {
    ChatFlags out = flags.model;
    out.kept = flags.answer.temperature == 0 || !flags.answer.seed.empty();
    return out;
  }

  void run() {
    if (people_) {
      end_on_sigterm(session_.interrupts);
      session_.note(chat_.model->name() + ". /help shows the commands, Ctrl-D ends.");
      if (!talk_.messages().empty()) session_.note(resumed());
    }
    std::string message;
    for (;;) {
      // A Ctrl-C that came when the answer had just ended has nothing left to stop.
      if (people_ && !told_to_end) session_.interrupts.reset();
      const Input::Got got = input_.read(message);
      if (got == Input::Got::End) break;
      if (got == Input::Got::Nothing || message.find_first_not_of(" \t\n") == message.npos) continue;
      input_.remember(message);
      if (!attempt(message)) break;
      if (!std::cout) throw Error(Code::Unavailable, "cannot write the answer: is the reader gone?");
    }
    if (session_.interrupts.cancelled()) throw Error(Code::Cancelled, "the chat was ended by a signal");
  }

 private:
  std::string resumed() const {
    return "Session " + stored_->name() + ": " + std::to_string(talk_.messages().size()) +
           " messages so far; /history shows them.";
  }

  void open(const std::string& name) {
    auto stored = std::make_unique<ChatSession>(session_.data_folder(), name);
    if (stored->exists()) talk_ = stored->load();
    stored_ = std::move(stored);
  }

  void keep() {
    if (stored_) stored_->save(talk_);
  }

  /// False: the chat has ended. At a terminal an error is shown and the chat goes on.
  bool attempt(const std::string& message) {
    try {
      const bool slash = message[0] == '/' && !message.starts_with("//");
      if (slash) return command(message);
      ask(message.starts_with("//") ? message.substr(1) : message);
    } catch (const Error& e) {
      if (!people_ || e.code() == Code::Internal) throw;
      std::cerr << "hanok: " << e.what() << "\n";
    }
    return true;
  }

  // ---- answers

  void ask(const std::string& question) {
    retries_ = 0;
    answer(question, [&](const chain::ChatOptions& o) { return say(question, o); });
  }

  chain::ChatReply say(const std::string& question, const chain::ChatOptions& o) {
    if (!memory_) return talk_.say(*chat_.model, question, o, overflow_);
    return chain::say(*chat_.model, *memory_, question, o, talk_.system(), &recalled_);
  }

  chain::ChatReply say_again(const std::string& question, const chain::ChatOptions& o) {
    if (!memory_) return talk_.retry(*chat_.model, o, overflow_);
    const chain::Conversation before = talk_;
    talk_.undo();
    try {
      return say(question, o);
    } catch (...) {
      talk_ = before;
      throw;
    }
  }

  void again() {
    ++retries_;
    const auto last = std::find_if(talk_.messages().rbegin(), talk_.messages().rend(),
                                   [](const chain::Message& m) { return m.role == "user"; });
    const std::string question = last == talk_.messages().rend() ? "" : last->text();
    answer(question, [&](const chain::ChatOptions& o) { return say_again(question, o); });
  }

  chain::ChatOptions options() const {
    chain::ChatOptions out = flags_.answer.options();
    // Each answer has a seed of its own, unless one was set; then the first try and the next ones differ all the same.
    out.seed = out.seed ? *out.seed + retries_ : std::random_device{}();
    out.constraint = constraint_;
    out.adapter = adapter_;
    return out;
  }

  void answer(const std::string& question, const std::function<chain::ChatReply(const chain::ChatOptions&)>& say) {
    std::string shown;
    chain::ChatOptions o = options();
    o.on_text = [&](std::string_view piece) {
      shown += piece;
      if (!session_.json) std::cout << piece << std::flush;
      return bool(std::cout);
    };
    const base::Stopwatch watch;
    chain::ChatReply reply;
    try {
      reply = say(o);
      if (reply.finish == chain::ChatFinish::Cancelled)
        throw Error(Code::Unavailable, "cannot write the answer: is the reader gone?");
    } catch (const Error& e) {
      if (!session_.json && !shown.empty()) std::cout << "\n";
      if (e.code() != Code::Cancelled) throw;
      if (!people_) throw;  // who pipes has asked for all of it to end
      if (!told_to_end) session_.interrupts.reset();
      reply = stopped(question, shown, watch.seconds());
    }
    keep();
    report(reply, shown);
  }

  /// Ctrl-C: what had come of the answer is kept with its question.
  chain::ChatReply stopped(const std::string& question, const std::string& shown, double seconds) {
    chain::ChatReply reply{.message = {"assistant", shown}, .finish = chain::ChatFinish::Cancelled, .seconds = seconds};
    if (shown.empty()) return reply;
    if (retries_ > 0) talk_.undo();
    talk_.add({"user", question});
    talk_.add(reply.message);
    return reply;
  }

  void report(const chain::ChatReply& reply, const std::string& shown) {
    if (!session_.json) {
      if (shown.empty()) std::cout << reply.text();  // a server that does not stream and says nothing piece by piece
      if (reply.finish != chain::ChatFinish::Cancelled || shown.empty()) std::cout << std::endl;  // notes follow
    }
    if (reply.dropped > 0 && reply.dropped != dropped_)
      session_.note("note: the conversation is longer than the model's context of " +
                    std::to_string(chat_.model->context_tokens()) + " tokens; its " + std::to_string(reply.dropped) +
                    " oldest messages were left out");
    dropped_ = reply.dropped;
    if (memory_ && recalled_.left_out + recalled_.summarised != untold_) {
      untold_ = recalled_.left_out + recalled_.summarised;
      session_.note("note: the model was told the " + std::to_string(recalled_.turns) + " turns that it remembers; " +
                    std::to_string(recalled_.summarised) + " are summarised, " + std::to_string(recalled_.left_out) +
                    " left out (/memory shows them)");
    }
    if (session_.json) {
      base::OrderedJson out{{"text", reply.text()},
                            {"finish", chain::finish_name(reply.finish)},
                            {"prompt_tokens", reply.prompt_tokens},
                            {"completion_tokens", reply.completion_tokens},
                            {"dropped", reply.dropped},
                            {"seconds", reply.seconds},
                            {"model", chat_.model->name()},
                            {"session", stored_ ? base::OrderedJson(stored_->name()) : base::OrderedJson(nullptr)}};
      if (memory_)
        out["memory"] = {{"turns", recalled_.turns},
                         {"summarised", recalled_.summarised},
                         {"left_out", recalled_.left_out},
                         {"summary", recalled_.summary}};
      session_.print(out, [](std::ostream&) {});
      return;
    }
    switch (reply.finish) {
      case chain::ChatFinish::Length:
        return session_.note("note: cut after " + std::to_string(reply.completion_tokens) +
                             " tokens; /set max-tokens N allows more");
      case chain::ChatFinish::Context:
        return session_.note("note: cut, for the model's context is full");
      case chain::ChatFinish::Filtered:
        return session_.note("note: the server held the answer back (content_filter)");
      case chain::ChatFinish::Cancelled:
        return session_.note("note: stopped");
      case chain::ChatFinish::Stop:
      case chain::ChatFinish::ToolCalls:
        return;
    }
  }

  // ---- commands

  void tell(const std::string& text) const { (session_.json ? std::cerr : std::cout) << text << "\n"; }

  bool command(const std::string& line) {
    const size_t blank = line.find_first_of(" \t\n");
    const std::string name = line.substr(0, blank);
    const size_t from = line.find_first_not_of(" \t\n", std::min(blank, line.size()));
    std::string rest = from == line.npos ? "" : line.substr(from);
    while (!rest.empty() && (rest.back() == ' ' || rest.back() == '\n')) rest.pop_back();
    if (name == "/exit" || name == "/quit" || name == "/bye") return false;
    if (name == "/help")
      tell(kHelp);
    else if (name == "/system")
      system(rest);
    else if (name == "/clear")
      change([&] { talk_.clear(); }, "The conversation is empty.");
    else if (name == "/undo")
      undo();
    else if (name == "/retry")
      again();
    else if (name == "/set")
      set(rest);
    else if (name == "/adapter")
      adapter(rest);
    else if (name == "/history")
      history();
    else if (name == "/memory")
      memory();
    else if (name == "/save")
      save(rest);
    else
      throw Error(Code::Invalid, "there is no command " + name + "; /help lists them (//text says /text)");
    return true;
  }

  void change(const std::function<void()>& what, const std::string& said) {
    what();
    keep();
    tell(said);
  }

  void system(const std::string& text) {
    if (text.empty()) return tell(talk_.system().empty() ? "No system message." : talk_.system());
    change([&] { talk_.set_system(text == "-" ? "" : text); },
           text == "-" ? "The system message is gone." : "The system message is set.");
  }

  void undo() {
    if (!talk_.undo()) throw Error(Code::Invalid, "there is nothing to undo");
    keep();
    tell("The last question and its answer are forgotten.");
  }

  void set(const std::string& text) {
    const size_t blank = text.find_first_of(" \t=");
    const std::string key = text.substr(0, blank);
    const size_t from = text.find_first_not_of(" \t=", std::min(blank, text.size()));
    if (key.empty()) {
      std::string all = flags_.answer.describe();
      all += "overflow           " + std::string(overflow_ == chain::Overflow::Error ? "error" : "drop");
      return tell(all);
    }
    if (from == text.npos) throw Error(Code::Invalid, "/set " + key + " needs a value; /set alone shows all");
    const std::string value = text.substr(from);
    if (key != "overflow") {
      flags_.answer.set(key, value);
    } else {
      if (value != "drop" && value != "error")
        throw Error(Code::Invalid, "overflow: drop (the oldest turns) or error was expected, found '" + value + "'");
      overflow_ = value == "error" ? chain::Overflow::Error : chain::Overflow::DropOldest;
    }
    tell(key + " is " + value + ".");
  }

  void adapter(const std::string& name) {
    const auto known = flags_.model.adapter_names();
    std::string all;
    for (const auto& one : known) all += (all.empty() ? "" : ", ") + one;
    if (known.empty()) throw Error(Code::Invalid, "no adapter was loaded; begin the chat with --adapter NAME=FOLDER");
    if (name.empty()) return tell("Adapters: " + all + ". " + (adapter_.empty() ? "None" : adapter_) + " is used.");
    if (name != "-" && std::find(known.begin(), known.end(), name) == known.end())
      throw Error(Code::NotFound, "there is no adapter '" + name + "'; there are " + all);
    adapter_ = name == "-" ? "" : name;
    tell(adapter_.empty() ? "The model answers as it is." : "Adapter " + adapter_ + " is used from now on.");
  }

  void history() const {
    if (!talk_.system().empty()) tell("system: " + talk_.system());
    for (const auto& m : talk_.messages()) tell(m.role + ": " + m.text());
    if (talk_.messages().empty()) tell("The conversation is empty.");
  }

  void memory() const {
    if (!memory_) return tell("No memory was chosen: the model is told what its context holds (--memory KIND).");
    const chain::Recall r = memory_->recall(talk_.messages().empty() ? "" : talk_.messages().back().text());
    if (!r.summary.empty()) tell("summary of " + std::to_string(r.summarised) + " turns: " + r.summary);
    for (const auto& m : r.messages) tell(m.role + ": " + m.text());
    tell(std::to_string(r.turns) + " turns are told, " + std::to_string(r.summarised) + " summarised, " +
         std::to_string(r.left_out) + " left out.");
  }

  void save(const std::string& name) {
    if (name.empty() && !stored_) throw Error(Code::Invalid, "/save needs a name: /save NAME");
    if (!name.empty() && (!stored_ || stored_->name() != name)) {
      auto stored = std::make_unique<ChatSession>(session_.data_folder(), name);
      if (stored->exists())
        throw Error(Code::Exists, "there is a session " + name + " already; take another name, or go on with it: " +
                                      "hanok chat --session " + name);
      stored_ = std::move(stored);
    }
    keep();
    tell("Kept in " + stored_->file().string() + ", from now on after every answer.");
  }

  Session& session_;
  Flags& flags_;
  Chat chat_;
  chain::Conversation talk_;
  chain::Overflow overflow_;
  bool people_;  // somebody sits at a terminal
  Input input_;
  std::unique_ptr<ChatSession> stored_;
  Constraint constraint_;
  std::string adapter_;
  std::unique_ptr<chain::Memory> memory_;  // over talk_; none: what the context holds
  chain::Recall recalled_;                 // by the last question
  size_t retries_ = 0, dropped_ = 0, untold_ = 0;
};

void list(Session& session) {
  base::OrderedJson json{{"sessions", base::OrderedJson::array()}};
  const auto all = ChatSession::list(session.data_folder());
  for (const auto& s : all)
    json["sessions"].push_back({{"name", s.name}, {"messages", s.messages}, {"bytes", s.bytes}});
  session.print(json, [&](std::ostream& out) {
    for (const auto& s : all) out << s.name << "  " << s.messages << " messages\n";
    if (all.empty()) out << "No sessions yet; begin one with: hanok chat --session NAME\n";
  });
}

}  // namespace

void add_chat(Command& root) {
  auto flags = std::make_shared<Flags>();
  Command c = root.subcommand("chat", "Talk with a language model, in this process or behind a server.",
                              "  hanok chat -m model.gguf --system \"You are a patient teacher.\"\n"
                              "  hanok chat --session trip          goes on where it was left\n"
                              "  echo \"Name three rivers.\" | hanok chat -m model.gguf\n\n"
                              "While talking:\n" +
                                  std::string(kHelp));
  flags->model.add_to(c);
  flags->model.add_local_to(c);
  flags->constraint.add_to(c);
  c.option("--system", flags->system, "a system message: who the model is to be");
  c.option("--session", flags->session, "a name: the conversation is kept, and gone on with when it is there");
  c.flag("--list", flags->list, "list the sessions that are kept");
  c.choice("--overflow", flags->overflow, {"drop", "error"},
           "when the conversation outgrows the context: drop its oldest turns and say so, or an error");
  flags->memory.add_to(c);
  c.cache();
  c.trace();
  flags->answer.max_tokens = 1024;
  flags->answer.add_to(c);
  c.run([flags](Session& session) {
    if (flags->list) return list(session);
    Talk(session, *flags).run();
  });
}

}  // namespace hanok::app
