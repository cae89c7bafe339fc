#include "server/http/connection.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <cstdio>
#include <limits>
#include <optional>

#include "base/ascii.h"
#include "base/clock.h"
#include "server/http/gzip.h"
#include "server/http/head.h"
#include "server/http/outgoing.h"

namespace hanok::server {
namespace {

namespace http = boost::beast::http;
using Server = Listener::Impl;

constexpr size_t kStreamAhead = 1 << 20;  // bytes of a stream that wait for a slow client before its handler does
constexpr size_t kReadThrough = 1 << 20;  // of a refused body: as much is read so that the connection can go on
constexpr size_t kDrain = 256 << 20;      // the same where the connection closes: until the client sees the answer
constexpr double kDrainSeconds = 3, kStopReadingSeconds = 2;

/// Of whichever string_view this Boost has.
template <class View>
std::string text_of(View view) {
  return {view.data(), view.size()};
}

// Everything happens on the I/O thread but what is said to be called by a handler's.
class HttpConnection : public Connection, public std::enable_shared_from_this<HttpConnection> {
 public:
  HttpConnection(Server& server, std::unique_ptr<Transport> transport, std::string remote)
      : server_(server), transport_(std::move(transport)), remote_(std::move(remote)) {}
  ~HttpConnection() override { give_back_body(); }

  void start() override {
    wait_until(server_.options.head_seconds);
    transport_->handshake([self = shared_from_this()](error_code error) {
      if (self->closed_) return;
      if (error) return self->close();
      self->next_request();
    });
  }
  bool idle() const override { return state_ == State::Idle; }
  bool late(Clock::time_point now) const override { return now >= deadline_; }
  Clock::time_point since() const override { return since_; }

  void give_up() override {
    if (closed_) return;
    if (state_ == State::Body && refusal_)
      refuse_now(*refusal_);
    else if (state_ == State::Head || state_ == State::Body)
      refuse_now({.status = 408,
                  .message = state_ == State::Head ? "the head of the request did not come in time"
                                                   : "the body of the request did not go on in time",
                  .code = "timeout"});
    else
      close();
  }

  void stop() override {
    if (state_ == State::Idle || state_ == State::Handshake)
      close();
    else if (state_ == State::Head || state_ == State::Body)
      deadline_ = std::min(deadline_, server_.now() + seconds(kStopReadingSeconds));
  }

  void close() override {
    if (closed_) return;
    closed_ = true;
    gone_.cancel();
    {
      std::lock_guard lock(outbox_.mutex);
      outbox_.gone = true;
    }
    outbox_.changed.notify_all();
    error_code ignored;
    transport_->socket().close(ignored);
    // What a handler still works on is logged when it ends.
    if (state_ == State::Writing || state_ == State::Streaming) log_served(499);
    const auto self = shared_from_this();
    server_.connections.erase(self);
    server_.count = server_.connections.size();
  }

 private:
  enum class State { Handshake, Idle, Head, Body, Working, Writing, Streaming, Draining };

  void wait_until(double s) {
    deadline_ = s > 0 ? server_.now() + seconds(s) : Clock::time_point::max();
    since_ = server_.now();
  }

  // ---- reading

  void next_request() {
    give_back_body();
    parser_.emplace();
    parser_->header_limit(static_cast<std::uint32_t>(server_.options.most_head));
    parser_->body_limit(std::numeric_limits<std::uint64_t>::max());  // looked at when the route is known
    parser_->eager(false);
    request_ = {};
    refusal_ = {};
    head_read_ = logged_ = false;
    bytes_out_ = 0;
    cors_origin_.clear();
    state_ = State::Idle;
    if (server_.stopping) return close();
    wait_until(server_.options.idle_seconds);
    parse();
  }

  void read() {
    if (reading_ || closed_ || ended_ || in_.size() >= kRead) return;
    reading_ = true;
    transport_->read([self = shared_from_this()](error_code error, std::string_view bytes) {
      self->reading_ = false;
      self->on_bytes(error, bytes);
    });
  }

  void on_bytes(error_code error, std::string_view bytes) {
    if (closed_) return;
    if (error == asio::error::eof &&
        (state_ == State::Working || state_ == State::Writing || state_ == State::Streaming)) {
      // Gone, most likely; or it has said all it has to say and waits for the answer, which is written if it is made.
      ended_ = true;
      keep_alive_after_ = false;
      if (state_ != State::Writing) gone_.cancel();
      return;
    }
    if (error) return close();
    if (state_ == State::Draining) {
      drained_ += bytes.size();
      return drained_ > kDrain ? close() : read();
    }
    in_ += bytes;
    if (state_ == State::Body) keep_pace(bytes.size());
    if (state_ == State::Idle || state_ == State::Head || state_ == State::Body)
      parse();
    else
      read();  // the next request comes already, or the client goes
  }

  // A body has more time when enough of it has come: one that drips holds a connection no longer than one that stands.
  void keep_pace(size_t came) {
    in_time_ += came;
    if (static_cast<double>(in_time_) < server_.options.stall_seconds * static_cast<double>(server_.options.least_rate))
      return;
    in_time_ = 0;
    wait_until(server_.options.stall_seconds);
  }

  void parse() {
    if (state_ == State::Idle) {
      in_.erase(0, std::min(in_.find_first_not_of("\r\n"), in_.size()));  // RFC 9112, 2.2
      if (in_.empty()) return read();
      state_ = State::Head;
      began_ = Clock::now();
      request_time_ms_ = base::now_ms();
      wait_until(server_.options.head_seconds);
    }
    while (!in_.empty() || parser_->is_done()) {
      error_code error;
      size_t used = 0;
      try {
        if (!parser_->is_done()) used = parser_->put(asio::buffer(in_), error);
      } catch (const std::exception&) {  // no memory for the body
        return refuse_now(
            {.status = 503, .message = "no memory for the body", .code = "unavailable", .retry_after_s = 5});
      }
      in_.erase(0, used);
      if (!head_read_ && parser_->is_header_done()) {
        head_read_ = true;
        read_head();
        if (state_ != State::Body) return;
        parser_->eager(true);
        error = {};
      }
      if (error == http::error::need_more && in_.size() >= kRead)  // no more is read ahead: it would wait for ever
        return refuse_now({.status = 400,
                           .message = "a chunk of the body, or what follows the last, has a head of more than " +
                                      std::to_string(kRead) + " bytes",
                           .code = "invalid"});
      if (error == http::error::need_more) break;
      if (error) return refuse_parse(error);
      if (!count_body()) return;
      if (parser_->is_done()) return work();
    }
    read();
  }

  // The bytes of all bodies that are here have a limit. What is only announced does not count: clients that announce
  // much and send little would keep the others out. False where this one has been refused.
  bool count_body() {
    if (!head_read_) return true;
    const size_t size = parser_->get().body().size();
    server_.body_bytes += size - body_counted_;
    body_counted_ = size;
    if (server_.body_bytes <= server_.options.most_bodies) return true;
    refuse_now(no_room());
    return false;
  }
  static Problem no_room() {
    return {.status = 503,
            .message = "the server holds as many bytes of requests as it may; try again",
            .code = "unavailable",
            .retry_after_s = 2};
  }
  void give_back_body() {
    server_.body_bytes -= body_counted_;
    body_counted_ = 0;
  }

  void refuse_parse(error_code error) {
    if (error == http::error::header_limit)
      return refuse_now(
          {.status = 431,
           .message = "the request's head has more than " + std::to_string(server_.options.most_head) + " bytes",
           .code = "too_large"});
    if (error == http::error::body_limit) return refuse_now(too_large());
    if (error == http::error::bad_version)
      return refuse_now({.status = 505, .message = "HTTP/1.1 was expected", .code = "invalid"});
    refuse_now({.status = 400, .message = "no sound HTTP request: " + error.message(), .code = "invalid"});
  }

  Problem too_large() const {
    return {.status = 413,
            .message = "the body has more than " + std::to_string(most_body_) + " bytes",
            .code = "too_large"};
  }

  // ---- the head: everything that can be refused before the body is read

  void read_head() {
    state_ = State::Body;
    in_time_ = 0;
    wait_until(server_.options.stall_seconds);
    const auto& head = parser_->get();
    keep_alive_ = head.keep_alive();
    http11_ = head.version() >= 11;
    request_.method = text_of(head.method_string());
    request_.remote = remote_;
    for (const auto& field : head)
      request_.headers.emplace_back(base::lower(text_of(field.name_string())), text_of(field.value()));
    if (const auto transfer = request_.header("transfer-encoding"); !transfer.empty())
      keep_alive_ &= base::lower(transfer) == "chunked";  // else nobody knows where the next request begins
    const std::string_view asked = request_.header("x-request-id");
    request_.id = is_sound_request_id(asked) ? std::string(asked) : new_request_id();
    found_ = {.problem = nullptr};
    const std::string target = text_of(head.target());
    auto parsed = parse_target(target);
    request_.path = parsed ? parsed->path : target.substr(0, 200);
    if (parsed) request_.query = std::move(parsed->query);
    found_ = server_.router.find(request_);
    most_body_ = server_.options.most_body;
    if (found_.route && found_.route->options.most_body)
      most_body_ = std::min(most_body_, found_.route->options.most_body);
    parser_->body_limit(most_body_);
    request_.context = Context().with_cancel(gone_).with_cancel(server_.stopped);
    try {
      if (!parsed) throw Refusal({.status = 400, .message = "the request's target is malformed", .code = "invalid"});
      check_host();
      if (answer_preflight()) return;
      if (!found_.route) throw Refusal(found_.refusal);
      authorize();
      check_body();
    } catch (const std::exception& error) {
      refusal_ = problem_of(error);
    }
    if (!refusal_) {
      const std::string_view expect = request_.header("expect");
      if (!expect.empty() && base::lower(expect) != "100-continue")
        refusal_ = Problem{.status = 417, .message = "only Expect: 100-continue is known", .code = "invalid"};
      else if (!expect.empty() && http11_ && !parser_->is_done())
        return say_continue();
    }
    // What is refused may have a body behind it. A short one is read, so that the connection can go on.
    if (refusal_ && !parser_->is_done()) {
      const auto length = parser_->content_length();
      if (!length || *length > kReadThrough || refusal_->status == 413 || !request_.header("expect").empty())
        refuse_now(*refusal_);
    }
  }

  void check_host() {
    const std::string_view host = request_.header("host");
    const auto hosts = std::count_if(request_.headers.begin(), request_.headers.end(),
                                     [](const auto& field) { return field.first == "host"; });
    if (hosts > 1 || (hosts == 0 && http11_) || !is_sound_host(host))
      throw Refusal({.status = 400, .message = "one sound Host header was expected", .code = "invalid"});
    request_.base_url =
        host.empty() ? server_.url : (server_.certificates ? "https://" : "http://") + std::string(host);
    if (server_.options.local_names_only && !host.empty() && !is_local_host(host))
      throw Refusal({.status = 403,
                     .message = "without keys this server is called by an address or localhost alone, not '" +
                                std::string(host) + "'; give it a key (--api-key) for other names",
                     .code = "forbidden"});
    const std::string_view origin = request_.header("origin");
    if (origin.empty()) return;
    for (const std::string& allowed : server_.options.cors_origins)
      if (allowed == "*" || allowed == origin) cors_origin_ = allowed;
    request_.own_page = origin == request_.base_url || !cors_origin_.empty();
    if (!request_.own_page && server_.options.local_names_only)
      throw Refusal(
          {.status = 403,
           .message = "web pages of " + std::string(origin) + " may not call this server (--cors allows them)",
           .code = "forbidden"});
  }

  bool answer_preflight() {
    if (request_.method != "OPTIONS" || cors_origin_.empty() || !parser_->is_done()) return false;
    Reply reply = Reply::empty();
    reply.headers = {{"access-control-allow-methods", "GET, HEAD, POST, PUT, PATCH, DELETE"},
                     {"access-control-max-age", "600"}};
    const std::string_view wanted = request_.header("access-control-request-headers");
    if (!wanted.empty()) reply.headers.emplace_back("access-control-allow-headers", std::string(wanted));
    respond(std::move(reply));
    return true;
  }

  void authorize() {
    const Scope needed = found_.route->options.scope;
    if (needed == Scope::Open) return;
    request_.access = server_.hooks.authorize(request_);
    if (request_.access.widest() < needed)
      throw Refusal({.status = 403,
                     .message = "this needs a key with the scope '" + std::string(scope_name(needed)) + "'",
                     .code = "forbidden"});
  }

  void check_body() {
    const std::string encoding = base::lower(request_.header("content-encoding"));
    if (!encoding.empty() && encoding != "identity" && encoding != "gzip" && encoding != "x-gzip" &&
        encoding != "deflate")
      throw Refusal({.status = 415,
                     .message = "content-encoding: gzip or identity was expected, found '" + encoding + "'",
                     .code = "unsupported_media_type"});
    packed_ = encoding.find("gzip") != encoding.npos || encoding == "deflate";
    const std::string transfer = base::lower(request_.header("transfer-encoding"));
    if (!transfer.empty() && transfer != "chunked")
      throw Refusal({.status = 501, .message = "transfer-encoding: chunked alone is known", .code = "invalid"});
    const auto length = parser_->content_length();
    if (length && *length > most_body_) throw Refusal(too_large());
    if (length && server_.body_bytes + *length > server_.options.most_bodies) throw Refusal(no_room());
    if (found_.route->options.json_only && !parser_->is_done()) {
      const std::string type = base::lower(request_.header("content-type"));
      if (!type.empty() && type.find("json") == type.npos)
        throw Refusal({.status = 415,
                       .message = "content-type: application/json was expected, found '" + type + "'",
                       .code = "unsupported_media_type"});
    }
  }

  void say_continue() {
    continue_ = "HTTP/1.1 100 Continue\r\n\r\n";
    transport_->write_some({asio::buffer(continue_), asio::const_buffer()},
                           [self = shared_from_this()](error_code error, size_t) {
                             if (error && !self->closed_) self->close();
                           });
  }

  // ---- the work

  void work() {
    if (refusal_) return respond(refuse(*found_.problem, *refusal_, request_));
    state_ = State::Working;
    deadline_ = Clock::time_point::max();
    bytes_in_ = parser_->get().body().size();
    request_.body = std::move(parser_->get().body());
    request_.context = request_.context.with_timeout(server_.options.request_seconds);
    const std::string& whose = request_.access.key.empty() ? remote_ : request_.access.key;
    base::Workers& lane = *server_.lanes[static_cast<size_t>(found_.route->options.lane)];
    if (!lane.submit(whose, [self = shared_from_this()] { self->run(); })) {
      const bool full = !server_.stopping;
      return respond(refuse(*found_.problem,
                            {.status = full ? 429 : 503,
                             .message = full ? "as many requests wait as may; try again" : "the server stops",
                             .code = full ? "busy" : "unavailable",
                             .retry_after_s = full ? 1 : 5},
                            request_));
    }
    read();  // to see when the client goes
  }

  /// On a handler's thread, which alone touches request_ and body_counted_ until it has posted the answer.
  void run() {
    Reply reply = handled();
    if (reply.stream && request_.method != "HEAD") {
      StreamWriter writer(*this, reply);
      std::exception_ptr failed;
      try {
        const Context::Scope scope(request_.context);
        reply.stream(writer);
      } catch (const std::exception& error) {
        if (!writer.begun())
          reply = refuse(*found_.problem, problem_of(error), request_);
        else
          failed = std::current_exception();
      }
      if (writer.begun() || reply.stream) return writer.end(failed != nullptr);
    }
    reply.stream = nullptr;
    Answer answer;
    try {
      pack(reply);
      answer = answer_of(std::move(reply), !goes_on());
    } catch (const std::exception& error) {  // no memory for it; the client waits for an answer all the same
      answer = answer_of(refuse(*found_.problem, problem_of(error), request_), !goes_on());
    }
    const size_t written = sent_at_once(answer);
    asio::post(server_.io, [self = shared_from_this(), answer = std::move(answer), written]() mutable {
      if (self->closed_) return self->log_served(499);
      self->write(std::move(answer), written);
    });
  }

  // What the system takes of an answer from the handler's thread: the client need not wait until the I/O thread wakes.
  size_t sent_at_once(const Answer& answer) {
    std::lock_guard lock(outbox_.mutex);  // close() takes it before the socket goes
    return outbox_.gone ? 0 : transport_->try_write({asio::buffer(answer.head), asio::buffer(answer.body)});
  }

  Reply handled() {
    try {
      {
        std::lock_guard lock(outbox_.mutex);
        if (outbox_.gone) throw Error(Code::Cancelled, "the client is gone");  // it may have waited long
      }
      if (packed_) request_.body = unpacked();
    } catch (const std::exception& error) {
      return refuse(*found_.problem, problem_of(error), request_);
    }
    return server_.router.run(found_, request_);
  }

  /// What comes out counts as what came in does: a few packed bytes become very many.
  std::string unpacked() {
    return gunzip(request_.body, most_body_, [this](size_t more) {
      body_counted_ += more;
      if ((server_.body_bytes += more) > server_.options.most_bodies) throw Refusal(no_room());
    });
  }

  void pack(Reply& reply) const {
    const bool local = remote_ == "127.0.0.1" || remote_ == "[::1]";
    if (reply.body.size() < server_.options.least_packed || (local && !server_.options.pack_loopback) ||
        !lists(request_.header("accept-encoding"), "gzip"))
      return;
    for (const auto& [name, value] : reply.headers)
      if (name == "content-encoding") return;
    reply.body = gzip(reply.body);
    reply.headers.emplace_back("content-encoding", "gzip");
    reply.headers.emplace_back("vary", "accept-encoding");
  }

  /// Of a handler's thread.
  class StreamWriter : public Writer {
   public:
    StreamWriter(HttpConnection& connection, const Reply& reply) : connection_(connection), reply_(reply) {}
    bool begun() const { return begun_; }
    void write(std::string_view piece) override {
      if (piece.empty()) return;
      std::string bytes = head();
      if (connection_.http11_) {
        char size[20];
        std::snprintf(size, sizeof size, "%zx\r\n", piece.size());
        bytes += size;
      }
      bytes += piece;
      if (connection_.http11_) bytes += "\r\n";
      Outbox& out = connection_.outbox_;
      std::unique_lock lock(out.mutex);
      while (!out.gone && out.pending.size() >= kStreamAhead) {
        out.changed.wait_for(lock, std::chrono::milliseconds(200));
        connection_.request_.context.check();
      }
      if (out.gone) throw Error(Code::Cancelled, "the client is gone");
      put(bytes);
    }
    void end(bool cut) {
      std::string bytes = head();
      if (connection_.http11_) bytes += "0\r\n\r\n";
      std::lock_guard lock(connection_.outbox_.mutex);
      connection_.outbox_.ended = true;
      connection_.outbox_.cut = cut;
      put(cut ? "" : bytes);
    }

   private:
    std::string head() {
      if (begun_) return {};
      begun_ = true;
      return reply_head(reply_, {.request_id = connection_.request_.id,
                                 .close = !connection_.goes_on() || !connection_.http11_,
                                 .chunked = connection_.http11_,
                                 .cors_origin = connection_.cors_origin_});
    }
    // With the lock held.
    void put(std::string_view bytes) {
      Outbox& out = connection_.outbox_;
      out.pending += bytes;
      if (out.flushing) return;
      out.flushing = true;
      asio::post(connection_.server_.io, [self = connection_.shared_from_this(), status = reply_.status] {
        self->status_ = status;
        self->flush();
      });
    }
    HttpConnection& connection_;
    const Reply& reply_;
    bool begun_ = false;
  };

  // ---- writing

  bool goes_on() const { return keep_alive_ && !server_.stopping; }

  // A refusal before the whole request was read: nothing can follow it on this connection.
  void refuse_now(Problem problem) {
    keep_alive_ = false;
    if (!found_.problem || !head_read_) {
      Request nothing;
      nothing.path = "/";
      found_.problem = server_.router.find(nothing).problem;
    }
    if (request_.id.empty()) request_.id = new_request_id(), request_.remote = remote_;
    respond(refuse(*found_.problem, problem, request_));
  }

  Answer answer_of(Reply reply, bool close) const {
    const bool bodiless = reply.status == 204 || reply.status == 304 || reply.status < 200;
    std::optional<size_t> length;
    if (!bodiless) length = reply.body.size();
    Answer out{.status = reply.status, .close = close};
    out.head =
        reply_head(reply, {.request_id = request_.id, .close = close, .length = length, .cors_origin = cors_origin_});
    if (!bodiless && request_.method != "HEAD") out.body = std::move(reply.body);
    return out;
  }

  void respond(Reply reply) { write(answer_of(std::move(reply), !goes_on() || !keep_alive_after_), 0); }

  // The first bytes may be gone already.
  void write(Answer answer, size_t written) {
    keep_alive_ = !answer.close;
    head_out_ = std::move(answer.head);
    body_out_ = std::move(answer.body);
    status_ = answer.status;
    written_ = bytes_out_ = written;
    state_ = State::Writing;
    wait_until(server_.options.stall_seconds);
    write_more();
  }

  void write_more() {
    const size_t head = std::min(written_, head_out_.size()), body = written_ - head;
    if (written_ == head_out_.size() + body_out_.size()) return finish();
    transport_->write_some({asio::buffer(head_out_.data() + head, head_out_.size() - head),
                            asio::buffer(body_out_.data() + body, body_out_.size() - body)},
                           [self = shared_from_this()](error_code error, size_t n) {
                             if (self->closed_) return;
                             if (error) return self->close();
                             self->written_ += n;
                             self->bytes_out_ += n;
                             self->wait_until(self->server_.options.stall_seconds);
                             self->write_more();
                           });
  }

  // Writes what the outbox holds, again and again until it has ended.
  void flush() {
    if (closed_) return end_of_gone_stream();
    state_ = State::Streaming;
    bool ended = false, cut = false;
    {
      std::lock_guard lock(outbox_.mutex);
      head_out_ = std::move(outbox_.pending);
      outbox_.pending.clear();
      ended = outbox_.ended, cut = outbox_.cut;
      outbox_.flushing = !head_out_.empty();
      if (head_out_.empty()) outbox_.ended = outbox_.cut = false;
    }
    outbox_.changed.notify_all();
    if (head_out_.empty()) {
      deadline_ = Clock::time_point::max();  // it is the handler's turn
      if (!ended) return;
      if (!http11_ || !keep_alive_after_ || server_.stopping) keep_alive_ = false;
      return cut ? close() : finish();
    }
    body_out_.clear();
    written_ = 0;
    wait_until(server_.options.stall_seconds);
    write_stream();
  }

  void write_stream() {
    if (written_ == head_out_.size()) return flush();
    transport_->write_some(
        {asio::buffer(head_out_.data() + written_, head_out_.size() - written_), asio::const_buffer()},
        [self = shared_from_this()](error_code error, size_t n) {
          if (self->closed_) return self->end_of_gone_stream();
          if (error) return self->close();
          self->written_ += n;
          self->bytes_out_ += n;
          self->wait_until(self->server_.options.stall_seconds);
          self->write_stream();
        });
  }

  void end_of_gone_stream() { log_served(499); }

  void finish() {
    log_served(status_);
    if (ended_ || (server_.stopping && in_.empty())) return close();
    if (!keep_alive_) return drain();
    std::string().swap(head_out_);
    std::string().swap(body_out_);
    if (in_.empty()) std::string().swap(in_);
    next_request();
  }

  // Closing with unread bytes would take the answer from the client: what it still sends is read and forgotten.
  void drain() {
    error_code ignored;
    transport_->socket().shutdown(tcp::socket::shutdown_send, ignored);
    state_ = State::Draining;
    give_back_body();
    wait_until(kDrainSeconds);
    in_.clear();
    drained_ = 0;
    read();
  }

  void log_served(int status) {
    if (logged_) return;
    logged_ = true;
    server_.hooks.served({.time_ms = request_time_ms_,
                          .id = request_.id,
                          .remote = remote_,
                          .method = request_.method,
                          .path = request_.path,
                          .route = request_.route,
                          .key = request_.access.key,
                          .status = status,
                          .bytes_in = bytes_in_,
                          .bytes_out = bytes_out_,
                          .seconds = std::chrono::duration<double>(Clock::now() - began_).count()});
  }

  Server& server_;
  const std::unique_ptr<Transport> transport_;
  const std::string remote_;
  State state_ = State::Handshake;
  bool closed_ = false, reading_ = false;
  bool ended_ = false;            // the client sends no more
  bool keep_alive_after_ = true;  // of the connection, whatever the request at hand says
  Clock::time_point deadline_ = Clock::time_point::max(), since_ = server_.now(), began_ = Clock::now();
  std::string in_;
  std::optional<http::request_parser<http::string_body>> parser_;
  // Of the request at hand:
  Request request_;
  Router::Found found_;
  std::optional<Problem> refusal_;
  bool head_read_ = false, keep_alive_ = true, http11_ = true, packed_ = false, logged_ = false;
  size_t most_body_ = 0, body_counted_ = 0, bytes_in_ = 0, bytes_out_ = 0, drained_ = 0;
  size_t in_time_ = 0;  // bytes of the body since its time was last given
  int64_t request_time_ms_ = 0;
  std::string cors_origin_, continue_;
  CancelSource gone_;
  // Of its answer:
  int status_ = 0;
  std::string head_out_, body_out_;
  size_t written_ = 0;
  Outbox outbox_;
};

}  // namespace

std::shared_ptr<Connection> make_connection(Listener::Impl& server, std::unique_ptr<Transport> transport,
                                            std::string remote) {
  return std::make_shared<HttpConnection>(server, std::move(transport), std::move(remote));
}

}  // namespace hanok::server
