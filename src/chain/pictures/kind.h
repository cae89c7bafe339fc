// A collection holds texts or pictures, never both: their vectors cannot be compared.
#pragma once

#include "hanok/pictures.h"

namespace hanok::chain {

/// Throws Invalid for a collection that holds pictures.
void check_holds_texts(const store::Collection& collection);
/// Throws Invalid for a collection that holds texts, or anything but pictures.
void check_holds_pictures(const store::Collection& collection);

}  // namespace hanok::chain
