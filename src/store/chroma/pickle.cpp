#include "store/chroma/pickle.h"

#include <map>
#include <string>
#include <vector>

#include "base/byte_reader.h"

namespace hanok::store::chroma {
namespace {

using base::Json;

// A machine with a stack, as the format is defined (Python's pickletools.py lists the operations).
class Machine {
 public:
  explicit Machine(std::string_view bytes) : in_(bytes, "pickle") {}

  Json run() {
    for (;;) {
      const char op = in_.read<char>("operation");
      if (op == '.') return pop();
      step(op);
    }
  }

 private:
  void step(char op) {
    switch (op) {
      case '\x80':  // protocol
        in_.read<uint8_t>("protocol");
        return;
      case '\x95':  // frame
        in_.read<uint64_t>("frame");
        return;
      case '(':
        marks_.push_back(stack_.size());
        return;
      case '}':
        return push(Json::object());
      case ']':
      case ')':
      case '\x8f':  // list, tuple, set
      case 'N':
        return push(nullptr);
      case '\x88':
      case '\x89':
        return push(nullptr);
      case 'K':
        return push(in_.read<uint8_t>("number"));
      case 'M':
        return push(in_.read<uint16_t>("number"));
      case 'J':
        return push(in_.read<int32_t>("number"));
      case '\x8a':
        return push(long_of(in_.read<uint8_t>("length")));
      case 'G':
        in_.take(8, "real");
        return push(nullptr);
      case 'X':
        return push(std::string(in_.take(in_.read<uint32_t>("length"), "string")));
      case '\x8c':
        return push(std::string(in_.take(in_.read<uint8_t>("length"), "string")));
      case '\x8d':
        return push(std::string(in_.take(in_.read<uint64_t>("length"), "string")));
      case 'C':
        in_.take(in_.read<uint8_t>("length"), "bytes");
        return push(nullptr);
      case 'B':
        in_.take(in_.read<uint32_t>("length"), "bytes");
        return push(nullptr);
      case 'q':
        return remember(in_.read<uint8_t>("place"));
      case 'r':
        return remember(in_.read<uint32_t>("place"));
      case '\x94':
        return remember(memo_next_++);
      case 'h':
        return recall(in_.read<uint8_t>("place"));
      case 'j':
        return recall(in_.read<uint32_t>("place"));
      case 's': {
        Json value = pop();
        const Json key = pop();
        set(top(), key, std::move(value));
        return;
      }
      case 'u': {
        const size_t mark = pop_mark();
        if (mark == 0 || (stack_.size() - mark) % 2 != 0) corrupt();
        for (size_t i = mark; i < stack_.size(); i += 2) set(stack_[mark - 1], stack_[i], std::move(stack_[i + 1]));
        stack_.resize(mark);
        return;
      }
      case 'e':
      case 't':
      case '\x90': {  // items of a list or set, a tuple: not kept
        stack_.resize(pop_mark());
        if (op == 't') push(nullptr);
        return;
      }
      case '\x85':
      case '\x86':
      case '\x87':
        for (int i = 0; i < op - '\x84'; ++i) pop();
        return push(nullptr);
      case 'a':
      case '0':
        pop();
        return;
      case 'c':  // a class by name
        line();
        line();
        return push(nullptr);
      case '\x93':
      case '\x81':
      case 'R':  // a class from the stack, an instance: two values become one that knows nothing yet
        pop();
        pop();
        return push(nullptr);
      case 'b': {  // its state
        Json state = pop();
        top() = std::move(state);
        return;
      }
      default:
        corrupt();
    }
  }

  [[noreturn]] void corrupt() const {
    throw Error(Code::Corrupt, "pickle: what stands at byte " + std::to_string(in_.position()) + " is not understood");
  }
  void push(Json value) { stack_.push_back(std::move(value)); }
  Json& top() {
    if (stack_.empty()) corrupt();
    return stack_.back();
  }
  Json pop() {
    Json out = std::move(top());
    stack_.pop_back();
    return out;
  }
  size_t pop_mark() {
    if (marks_.empty() || marks_.back() > stack_.size()) corrupt();
    const size_t out = marks_.back();
    marks_.pop_back();
    return out;
  }
  void set(Json& into, const Json& key, Json value) {
    if (!into.is_object()) return;
    if (key.is_string())
      into[key.get_ref<const std::string&>()] = std::move(value);
    else if (key.is_number_integer())
      into[std::to_string(key.get<int64_t>())] = std::move(value);
  }
  // Tables are never asked for twice; strings and numbers may be.
  void remember(uint64_t place) {
    memo_next_ = std::max<uint64_t>(memo_next_, place + 1);
    memo_[place] = top().is_structured() ? Json() : top();
  }
  void recall(uint64_t place) {
    const auto at = memo_.find(place);
    if (at == memo_.end()) corrupt();
    push(at->second);
  }
  Json long_of(uint8_t length) {
    const auto bytes = in_.take(length, "number");
    if (length > 8) return nullptr;
    uint64_t value = 0;
    for (size_t i = 0; i < bytes.size(); ++i) value |= uint64_t{static_cast<unsigned char>(bytes[i])} << (8 * i);
    if (length > 0 && length < 8 && (bytes.back() & '\x80')) value |= ~uint64_t{0} << (8 * length);
    return static_cast<int64_t>(value);
  }
  void line() {
    while (in_.read<char>("name") != '\n') {
    }
  }

  base::ByteReader in_;
  std::vector<Json> stack_;
  std::vector<size_t> marks_;
  std::map<uint64_t, Json> memo_;
  uint64_t memo_next_ = 0;
};

}  // namespace

base::Json read_pickle(std::string_view bytes) { return Machine(bytes).run(); }

}  // namespace hanok::store::chroma
