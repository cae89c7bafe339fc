#include "nn/pickle.h"

#include <cstring>
#include <map>
#include <span>

#include "hanok/error.h"

namespace hanok::nn {
namespace {

using Kind = PickleValue::Kind;

constexpr size_t kMaxValues = 2'000'000;               // ResNet-152's state has some 20,000
constexpr size_t kStorageParts = 5, kTensorParts = 4;  // that are kept of what describes them

class Machine {
 public:
  explicit Machine(base::ByteReader& in) : in_(in) {}

  Pickle run() {
    while (step()) {
    }
    out_.root = pop();
    return std::move(out_);
  }

 private:
  // False at the end.
  bool step() {
    const auto op = in_.read<uint8_t>("an opcode");
    switch (op) {
      case 0x80:
        protocol();
        return true;
      case '.':
        return false;
      case '(':
        marks_.push_back(stack_.size());
        return true;
      case 'N':
        push({Kind::None});
        return true;
      case 0x88:
        push({Kind::Bool, 1});
        return true;
      case 0x89:
        push({Kind::Bool, 0});
        return true;
      case 'K':
        push({Kind::Int, in_.read<uint8_t>("a number")});
        return true;
      case 'M':
        push({Kind::Int, in_.read<uint16_t>("a number")});
        return true;
      case 'J':
        push({Kind::Int, in_.read<int32_t>("a number")});
        return true;
      case 0x8a:
        long_number();
        return true;
      case 'G':
        in_.take(8, "a number");
        push({Kind::Float});
        return true;
      case 'X':
        push({Kind::Text, 0, in_.take(in_.read<uint32_t>("a length"), "a text")});
        return true;
      case 'T':
        push({Kind::Text, 0, in_.take(in_.read<uint32_t>("a length"), "a text")});
        return true;
      case 'U':
        push({Kind::Text, 0, in_.take(in_.read<uint8_t>("a length"), "a text")});
        return true;
      case 'c':
        global();
        return true;
      case ')':
        push({Kind::Tuple});
        return true;
      case ']':
        push({Kind::List});
        return true;
      case '}':
        push({Kind::Dict});
        return true;
      case 't':
        push({Kind::Tuple, 0, {}, pop_to_mark()});
        return true;
      case 0x85:
        tuple(1);
        return true;
      case 0x86:
        tuple(2);
        return true;
      case 0x87:
        tuple(3);
        return true;
      case 'q':
        memo_[in_.read<uint8_t>("a number")] = top();
        return true;
      case 'r':
        memo_[in_.read<uint32_t>("a number")] = top();
        return true;
      case 'h':
        remember(in_.read<uint8_t>("a number"));
        return true;
      case 'j':
        remember(in_.read<uint32_t>("a number"));
        return true;
      case 'a':
        append({pop()}, Kind::List);
        return true;
      case 'e':
        append(pop_to_mark(), Kind::List);
        return true;
      case 's':
        set_item();
        return true;
      case 'u':
        append(pop_to_mark(), Kind::Dict);
        return true;
      case 'Q':
        storage();
        return true;
      case 'R':
      case 0x81:
        reduce();
        return true;
      case 'b':
        build();
        return true;
      default:
        in_.corrupt("opcode " + std::to_string(op) + " at byte " + std::to_string(in_.position() - 1) +
                    " is none that weights are written with");
    }
  }

  void protocol() {
    if (const auto version = in_.read<uint8_t>("the protocol"); version != 2)
      throw Error(Code::Unsupported, in_.name() + ": pickle protocol " + std::to_string(version) +
                                         ", expected 2, which torch.save uses unless told otherwise");
  }

  void push(PickleValue value) {
    if (out_.values.size() == kMaxValues) in_.corrupt("has more than " + std::to_string(kMaxValues) + " values");
    stack_.push_back(static_cast<uint32_t>(out_.values.size()));
    out_.values.push_back(std::move(value));
  }

  size_t floor() const { return marks_.empty() ? 0 : marks_.back(); }
  uint32_t top() {
    if (stack_.size() <= floor())
      in_.corrupt("takes a value from an empty stack at byte " + std::to_string(in_.position()));
    return stack_.back();
  }
  uint32_t pop() {
    const uint32_t value = top();
    stack_.pop_back();
    return value;
  }
  std::vector<uint32_t> pop_to_mark() {
    if (marks_.empty()) in_.corrupt("ends a list that was not begun at byte " + std::to_string(in_.position()));
    std::vector<uint32_t> items(stack_.begin() + static_cast<std::ptrdiff_t>(marks_.back()), stack_.end());
    stack_.resize(marks_.back());
    marks_.pop_back();
    return items;
  }

  void tuple(size_t n) {
    std::vector<uint32_t> items(n);
    while (n > 0) items[--n] = pop();
    push({Kind::Tuple, 0, {}, std::move(items)});
  }

  void remember(uint32_t key) {
    const auto it = memo_.find(key);
    if (it == memo_.end()) in_.corrupt("asks for value " + std::to_string(key) + ", which it never kept");
    stack_.push_back(it->second);
  }

  void long_number() {
    const auto digits = in_.take(in_.read<uint8_t>("a length"), "a number");
    if (digits.size() > 8) return push({Kind::Int, 0, digits});
    int64_t value = !digits.empty() && (digits.back() & 0x80) ? -1 : 0;
    std::memcpy(&value, digits.data(), digits.size());
    push({Kind::Int, value});
  }

  std::string_view line() {
    std::string_view found = in_.take(0, "a name");
    while (in_.take(1, "a name")[0] != '\n') found = std::string_view(found.data(), found.size() + 1);
    return found;
  }

  void global() {
    const std::string_view module = line(), name = line();
    // "module\nname" lies in one piece in the file.
    push({Kind::Global, 0, std::string_view(module.data(), module.size() + 1 + name.size())});
  }

  void append(const std::vector<uint32_t>& items, Kind kind) {
    PickleValue& to = out_.values[top()];
    if (to.kind != kind || (kind == Kind::Dict && items.size() % 2 != 0))
      in_.corrupt("adds to something else than a list or dictionary at byte " + std::to_string(in_.position()));
    to.items.insert(to.items.end(), items.begin(), items.end());
  }

  void set_item() {
    const uint32_t value = pop(), key = pop();
    append({key, value}, Kind::Dict);
  }

  void storage() {
    const PickleValue& id = out_.at(pop());
    if (id.kind != Kind::Tuple || id.items.size() < kStorageParts)
      in_.corrupt("a storage is not described by five values");
    push({Kind::Storage, 0, {}, {id.items.begin(), id.items.begin() + kStorageParts}});
  }

  void reduce() {
    // Views: a long list that is handed over again and again is not copied each time.
    const std::span<const uint32_t> arguments = out_.at(pop()).items;
    const PickleValue& function = out_.at(pop());
    if (function.kind != Kind::Global) in_.corrupt("calls something that is no function");
    if (function.text == "collections\nOrderedDict" && arguments.empty()) return push({Kind::Dict});
    if (function.text == "torch._utils\n_rebuild_tensor_v2" && arguments.size() >= kTensorParts)
      return push({Kind::Tensor, 0, {}, {arguments.begin(), arguments.begin() + kTensorParts}});
    if (function.text == "torch._utils\n_rebuild_parameter" && !arguments.empty()) {
      stack_.push_back(arguments[0]);
      return;
    }
    std::string name(function.text);
    for (char& c : name) c = c == '\n' ? '.' : c;
    throw Error(
        Code::Unsupported,
        in_.name() + ": holds an object of " + name +
            ", expected tensors in dictionaries alone; in Python, torch.save(model.state_dict(), FILE) writes them");
  }

  // The state of a dictionary (OrderedDict's _metadata) is of no use here.
  void build() {
    pop();
    if (out_.at(top()).kind != Kind::Dict) in_.corrupt("gives a state to something else than a dictionary");
  }

  base::ByteReader& in_;
  Pickle out_;
  std::vector<uint32_t> stack_;
  std::vector<size_t> marks_;  // where in the stack the lists begin that are being made
  std::map<uint32_t, uint32_t> memo_;
};

}  // namespace

const PickleValue* Pickle::find(const PickleValue& dict, std::string_view key) const {
  for (size_t i = 0; i + 1 < dict.items.size(); i += 2)
    if (at(dict.items[i]).kind == Kind::Text && at(dict.items[i]).text == key) return &at(dict.items[i + 1]);
  return nullptr;
}

Pickle read_pickle(base::ByteReader& in) { return Machine(in).run(); }

}  // namespace hanok::nn
