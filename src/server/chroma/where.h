// Chroma's conditions as those of the store. The two languages are nearly one; what Chroma refuses is refused here.
#pragma once

#include "hanok/records.h"
#include "server/wire/body.h"

namespace hanok::server::chroma {

/// {"where": ..., "where_document": ...} of a body, both or none. In the result a text is asked by the field
/// "#document". null: no condition.
store::Json read_where(Object body);
/// One condition over metadata, "#document" and "#id".
store::Json read_condition(Element where);

}  // namespace hanok::server::chroma
