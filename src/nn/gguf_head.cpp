#include "nn/gguf_head.h"

namespace hanok::nn {
namespace {

using Type = GgufValue::Type;

constexpr uint32_t kVersion = 3;

uint32_t number(Type type) { return static_cast<uint32_t>(type); }

void put_text(base::ByteWriter& out, std::string_view text) {
  out.put<uint64_t>(text.size());
  out.put_text(text);
}

}  // namespace

void GgufHead::key(std::string_view name, uint32_t type) {
  put_text(settings_, name);
  settings_.put(type);
  ++setting_count_;
}

void GgufHead::set(std::string_view name, uint32_t value) {
  key(name, number(Type::U32));
  settings_.put(value);
}

void GgufHead::set(std::string_view name, float value) {
  key(name, number(Type::F32));
  settings_.put(value);
}

void GgufHead::set(std::string_view name, bool value) {
  key(name, number(Type::Bool));
  settings_.put<uint8_t>(value ? 1 : 0);
}

void GgufHead::set(std::string_view name, std::string_view text) {
  key(name, number(Type::Text));
  put_text(settings_, text);
}

void GgufHead::set(std::string_view name, const std::vector<std::string>& texts) {
  key(name, number(Type::Array));
  settings_.put(number(Type::Text));
  settings_.put<uint64_t>(texts.size());
  for (const auto& text : texts) put_text(settings_, text);
}

void GgufHead::set(std::string_view name, const std::vector<int32_t>& numbers) {
  key(name, number(Type::Array));
  settings_.put(number(Type::I32));
  settings_.put<uint64_t>(numbers.size());
  settings_.put_array(std::span<const int32_t>(numbers));
}

void GgufHead::set(std::string_view name, const GgufValue& value) {
  key(name, number(value.type));
  if (value.type == Type::Text) return put_text(settings_, value.bytes);
  if (value.type == Type::Array) {
    settings_.put(number(value.element));
    settings_.put<uint64_t>(value.count);
  }
  settings_.put_text(value.bytes);
}

size_t GgufHead::add(std::string_view name, const std::vector<size_t>& shape, math::WeightFormat format) {
  put_text(tensors_, name);
  tensors_.put(static_cast<uint32_t>(shape.size()));
  size_t values = 1;
  for (size_t i = shape.size(); i-- > 0;) {  // in the file the contiguous axis comes first
    tensors_.put<uint64_t>(shape[i]);
    values *= shape[i];
  }
  tensors_.put(math::info(format).ggml_type);
  tensors_.put(data_);
  const size_t bytes = math::info(format).row_bytes(values);
  data_ += bytes + gguf_padding(bytes);
  ++tensor_count_;
  return bytes;
}

std::string GgufHead::bytes() const {
  base::ByteWriter out;
  out.put_text("GGUF");
  out.put(kVersion);
  out.put(tensor_count_);
  out.put(setting_count_);
  out.put_text(settings_.bytes());
  out.put_text(tensors_.bytes());
  std::string head = out.bytes();
  head.resize(head.size() + gguf_padding(head.size()), '\0');
  return head;
}

}  // namespace hanok::nn
