// The compact protocol of Apache Thrift, as far as Parquet's heads need it.
// https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/byte_reader.h"

namespace hanok::server::parquet {

/// Reads one struct after the other. Throws Corrupt; what nobody takes is passed over.
class Thrift {
 public:
  Thrift(std::string_view bytes, std::string name) : bytes_(bytes, std::move(name)) {}

  enum class Type : uint8_t { Stop, True, False, Byte, I16, I32, I64, Double, Binary, List, Set, Map, Struct };
  /// Calls `field` with the id of each field of a struct; it reads the value, or returns false and it is passed over.
  void structure(const std::function<bool(int id, Type type)>& field);
  // The value of a field that has this type; Corrupt where it has another.
  int64_t integer(Type type);
  bool flag(Type type) const;
  std::string binary(Type type);
  void list(Type type, const std::function<void(Type element)>& element);

  size_t position() const { return bytes_.position(); }

 private:
  void skip(Type type, int depth);
  void skip_element(Type type, int depth);
  int64_t zigzag();
  Type type_of(uint8_t code) const;
  void expect(bool holds, const char* what) const;

  base::ByteReader bytes_;
  int depth_ = 0;
};

}  // namespace hanok::server::parquet
