// Everything of a request that is read before a handler runs, and the JSON that handlers read: no input may crash,
// hang, or throw anything but an Error. The first byte says which door.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "server/auth/keys.h"
#include "server/base64.h"
#include "server/body.h"
#include "server/http/gzip.h"
#include "server/http/head.h"
#include "server/http/multipart.h"
#include "server/http/router.h"
#include "server/openai/chat_call.h"

namespace {

using namespace hanok::server;

void try_to(const std::function<void()>& work) {
  try {
    work();
  } catch (const hanok::Error&) {
  }
}

const Router& router() {
  static const Router* made = [] {
    auto* out = new Router([](const Problem& p, const Request&) { return Reply::text(p.message); });
    const Handler all = [](const Request&) { return Reply::empty(); };
    out->group("/v1", "a", [](const Problem& p, const Request&) { return Reply::text(p.message); })
        .add("GET", "/models/{model}", all)
        .add("GET", "/models/{owner}/{name}", all)
        .add("POST", "/x/{a}/y/{b}/z", all);
    return out;
  }();
  return *made;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const size_t half = text.find('\n');
  const std::string first = text.substr(0, half), rest = half == text.npos ? "" : text.substr(half + 1);
  switch (data[0] % 7) {
    case 0:
      if (auto target = parse_target(text)) {
        Request request{.method = "GET", .path = target->path, .query = target->query};
        router().handle(std::move(request));
      }
      break;
    case 1:
      (void)is_local_host(text), (void)is_sound_host(text), (void)lists(text, "gzip");
      (void)presented_key({.headers = {{"authorization", text}}});
      break;
    case 2:
      try_to([&] { parse_form(first, rest); });
      break;
    case 3:
      try_to([&] { gunzip(text, 1 << 16); });
      break;
    case 4:
      (void)base64_decoded(text);
      if (base64_decoded(base64(text)) != text) __builtin_trap();
      break;
    case 5:
      try_to([&] {
        const Request request{.body = text};
        read_chat_call(json_body(request), request.body);
      });
      break;
    default:
      if (reply_head(Reply{200, text, "", {{"location", text}}}, {.request_id = text, .length = 1}).find("\r\n\r\n") ==
          std::string::npos)
        __builtin_trap();
  }
  return 0;
}
