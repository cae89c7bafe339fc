#include "server/parquet/thrift.h"

namespace hanok::server::parquet {
namespace {

constexpr int kDeepest = 16;                      // Parquet's own heads are 6 deep
constexpr uint64_t kLongest = uint64_t{1} << 24;  // elements of a list

}  // namespace

void Thrift::expect(bool holds, const char* what) const {
  if (!holds) bytes_.corrupt(std::string("byte ") + std::to_string(bytes_.position()) + ": expected " + what);
}

Thrift::Type Thrift::type_of(uint8_t code) const {
  expect(code <= static_cast<uint8_t>(Type::Struct), "a type of Thrift");
  return static_cast<Type>(code);
}

int64_t Thrift::zigzag() {
  const uint64_t n = bytes_.varint("a number");
  return static_cast<int64_t>(n >> 1) ^ -static_cast<int64_t>(n & 1);
}

void Thrift::structure(const std::function<bool(int id, Type type)>& field) {
  expect(++depth_ <= kDeepest, "fewer structs in structs");
  int64_t id = 0;
  for (;;) {
    const auto head = bytes_.read<uint8_t>("a field");
    const Type type = type_of(head & 15);
    if (type == Type::Stop) break;
    id = head >> 4 ? id + (head >> 4) : zigzag();
    expect(id > 0 && id < 1 << 15, "the id of a field");
    if (!field(static_cast<int>(id), type)) skip(type, depth_);
  }
  --depth_;
}

int64_t Thrift::integer(Type type) {
  if (type == Type::Byte) return bytes_.read<int8_t>("a byte");
  expect(type == Type::I16 || type == Type::I32 || type == Type::I64, "a whole number");
  return zigzag();
}

bool Thrift::flag(Type type) const {
  expect(type == Type::True || type == Type::False, "true or false");
  return type == Type::True;
}

std::string Thrift::binary(Type type) {
  expect(type == Type::Binary, "a text");
  return std::string(bytes_.take(bytes_.varint("a length"), "a text"));
}

void Thrift::list(Type type, const std::function<void(Type element)>& element) {
  expect(type == Type::List || type == Type::Set, "a list");
  const auto head = bytes_.read<uint8_t>("a list");
  const uint64_t count = head >> 4 == 15 ? bytes_.varint("a list's length") : head >> 4;
  expect(count <= kLongest && count <= bytes_.left(), "a list that fits into the file");
  for (uint64_t i = 0; i < count; ++i) element(type_of(head & 15));
}

// Each takes a byte at least, so that a list is never longer work than the file has bytes. A flag has one of its own,
// in place of the type that says it in a struct.
void Thrift::skip_element(Type type, int depth) {
  expect(type != Type::Stop, "the type of an element");
  if (type == Type::True || type == Type::False)
    bytes_.take(1, "a flag");
  else
    skip(type, depth);
}

void Thrift::skip(Type type, int depth) {
  expect(depth <= kDeepest, "fewer structs in structs");
  switch (type) {
    case Type::Stop:
    case Type::True:
    case Type::False:
      return;
    case Type::Byte:
      bytes_.take(1, "a byte");
      return;
    case Type::I16:
    case Type::I32:
    case Type::I64:
      zigzag();
      return;
    case Type::Double:
      bytes_.take(8, "a number");
      return;
    case Type::Binary:
      bytes_.take(bytes_.varint("a length"), "a text");
      return;
    case Type::List:
    case Type::Set:
      list(type, [&](Type element) { skip_element(element, depth + 1); });
      return;
    case Type::Map: {
      const uint64_t count = bytes_.varint("a map");
      if (count == 0) return;
      const auto types = bytes_.read<uint8_t>("a map's types");
      expect(count <= bytes_.left(), "a map that fits into the file");
      for (uint64_t i = 0; i < count; ++i) {
        skip_element(type_of(types >> 4), depth + 1);
        skip_element(type_of(types & 15), depth + 1);
      }
      return;
    }
    case Type::Struct:
      structure([](int, Type) { return false; });
      return;
  }
}

}  // namespace hanok::server::parquet
