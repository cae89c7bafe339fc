// One failure that several threads wait for.
#pragma once

#include <exception>
#include <string>
#include <typeinfo>

#include "hanok/error.h"

namespace hanok::base {

/// What one more waiter is to rethrow: an Error of its own with the same code and words, so that no two threads hold
/// one message. Anything else is passed on as it is.
inline std::exception_ptr own_error(const std::exception_ptr& error) noexcept {
  if (!error) return error;
  try {
    std::rethrow_exception(error);
  } catch (const Error& e) {
    if (typeid(e) != typeid(Error)) return error;
    try {
      return std::make_exception_ptr(Error(e.code(), std::string(e.what())));
    } catch (...) {
      return error;
    }
  } catch (...) {
    return error;
  }
}

}  // namespace hanok::base
