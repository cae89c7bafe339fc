#include "text/loaders/parts.h"

namespace hanok::text {

bool Parts::attempt(const std::function<void()>& read, bool counts) {
  try {
    read();
    any_ |= counts;
    return true;
  } catch (const Error& e) {
    if (e.code() != Code::Corrupt && e.code() != Code::Unsupported) throw;
    if (counts && !first_) first_ = std::current_exception();
    const std::string prefix = std::string(source_.name) + ": ";
    std::string_view what = e.what();
    if (what.starts_with(prefix)) what.remove_prefix(prefix.size());
    out_.note("not all of it was read: " + std::string(what));
    return false;
  }
}

bool Parts::read(const std::function<void()>& read) { return attempt(read, true); }
bool Parts::read_extra(const std::function<void()>& read) { return attempt(read, false); }

void Parts::check() const {
  if (!any_ && first_) std::rethrow_exception(first_);
}

}  // namespace hanok::text
