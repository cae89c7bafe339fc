#include "server/file_queue.h"

#include <algorithm>
#include <chrono>
#include <system_error>

#include "base/file.h"
#include "base/log.h"
#include "hanok/context.h"
#include "hanok/error.h"

namespace hanok::server {
namespace {

namespace fs = std::filesystem;
using base::Json;

constexpr std::chrono::milliseconds kLookAtContext{100};

Json to_json(const WaitingFile& f) {
  return {{"store", f.store}, {"file", f.file}, {"created_ms", f.created_ms}, {"how", f.how}};
}

auto among(const std::string& store, const std::vector<std::string>& files) {
  return [store, all = std::set<std::string>(files.begin(), files.end())](const auto& key) {
    return key.first == store && all.count(key.second) > 0;
  };
}

}  // namespace

FileQueue::FileQueue(fs::path folder, std::function<void(const WaitingFile&)> read)
    : folder_(std::move(folder)), read_(std::move(read)) {
  load();
  work();
}

fs::path FileQueue::path_of(uint64_t order) const { return folder_ / (std::to_string(order) + ".json"); }

void FileQueue::load() {
  std::set<uint64_t> orders;
  if (fs::exists(folder_))
    for (const auto& entry : fs::directory_iterator(folder_)) {
      const std::string name = entry.path().stem().string();
      if (entry.path().extension() == ".json" && !name.empty() && name.size() < 19 &&
          name.find_first_not_of("0123456789") == std::string::npos)
        orders.insert(std::stoull(name));
    }
  for (const uint64_t order : orders) {
    next_order_ = order + 1;
    try {
      const Json json = base::parse_json(base::read_file(path_of(order)), path_of(order).string());
      std::vector<WaitingFile> files;
      for (const Json& f : json) files.push_back({f.at("store"), f.at("file"), f.at("created_ms"), f.at("how"), true});
      put(order, std::move(files));
    } catch (const std::exception& e) {  // no reason for a server not to start
      base::log().error("{}: files that wait to be read cannot be told from it: {}", path_of(order).string(), e.what());
    }
  }
}

void FileQueue::add(std::vector<WaitingFile> files, bool first) {
  if (files.empty()) return;
  {
    std::lock_guard lock(mutex_);
    if (stopped_) throw Error(Code::Unavailable, "the server is stopping");
    fs::create_directories(folder_);
    write(next_order_, files);
    put(next_order_++, std::move(files), first);
  }
  work();
}

// Needs mutex_, or that nobody else is there.
void FileQueue::put(uint64_t order, std::vector<WaitingFile> files, bool first) {
  if (files.empty()) return;
  std::vector<uint64_t> replaced;
  Order& mine = orders_[order];
  for (WaitingFile& f : files) {
    Key key{f.store, f.file};
    mine.listed.insert(key);
    ++mine.left;
    if (first) turns_.push_front(key);
    if (const auto there = waiting_.find(key); there != waiting_.end()) {
      replaced.push_back(there->second.order);
      there->second = {std::move(f), order};
    } else {
      if (!first) turns_.push_back(key);
      waiting_.emplace(std::move(key), Entry{std::move(f), order});
    }
  }
  for (const uint64_t one : replaced) leave(one);
}

// One file of an order waits no more. Needs mutex_.
void FileQueue::leave(uint64_t order) {
  if (--orders_.at(order).left > 0) return;
  orders_.erase(order);
  std::error_code ignored;  // one that stays is read again by the next process
  fs::remove(path_of(order), ignored);
}

void FileQueue::write(uint64_t order, const std::vector<WaitingFile>& files) const {
  Json json = Json::array();
  for (const WaitingFile& f : files) json.push_back(to_json(f));
  base::write_file_atomic(path_of(order), base::dump_json(json));
}

std::optional<WaitingFile> FileQueue::find(const std::string& store, const std::string& file) const {
  std::lock_guard lock(mutex_);
  if (const auto there = waiting_.find({store, file}); there != waiting_.end()) return there->second.file;
  if (now_ && now_->store == store && now_->file == file) return now_;
  return std::nullopt;
}

std::vector<WaitingFile> FileQueue::of(const std::string& store) const {
  std::lock_guard lock(mutex_);
  std::vector<WaitingFile> out;
  for (auto at = waiting_.lower_bound({store, ""}); at != waiting_.end() && at->first.first == store; ++at)
    out.push_back(at->second.file);
  if (now_ && now_->store == store && !waiting_.count({store, now_->file})) out.push_back(*now_);
  return out;
}

std::vector<std::string> FileQueue::drop(const Which& which) {
  std::lock_guard lock(mutex_);
  std::vector<std::string> out;
  for (auto at = waiting_.begin(); at != waiting_.end();) {
    if (!which(at->first)) {
      ++at;
      continue;
    }
    out.push_back(at->first.second);
    const uint64_t order = at->second.order;
    at = waiting_.erase(at);
    leave(order);
  }
  // Orders that name one are written anew with what is left of them, so that no later process reads it.
  for (auto& [number, order] : orders_) {
    if (std::none_of(order.listed.begin(), order.listed.end(), which)) continue;
    std::vector<WaitingFile> rest;
    for (const auto& [key, entry] : waiting_)
      if (entry.order == number) rest.push_back(entry.file);
    if (now_ && now_order_ == number) rest.push_back(*now_);
    write(number, rest);
    order.listed.clear();
    for (const WaitingFile& f : rest) order.listed.insert({f.store, f.file});
  }
  changed_.notify_all();
  return out;
}

std::vector<std::string> FileQueue::forget(const Which& which) {
  auto out = drop(which);
  wait_until([&] { return !now_ || !which({now_->store, now_->file}); });
  drop(which);  // the one that was being read, too
  return out;
}

std::vector<std::string> FileQueue::drop(const std::string& store, const std::vector<std::string>& files) {
  return drop(among(store, files));
}

std::vector<std::string> FileQueue::forget(const std::string& store, const std::vector<std::string>& files) {
  return forget(among(store, files));
}

void FileQueue::forget(const std::string& store) {
  forget([&](const Key& key) { return key.first == store; });
}

void FileQueue::wait(const std::string& store, const std::string& file) const {
  wait_until([&] { return !waiting_.count({store, file}) && (!now_ || now_->store != store || now_->file != file); });
}

void FileQueue::wait_until(const std::function<bool()>& done) const {
  std::unique_lock lock(mutex_);
  while (!done()) {
    if (stopped_ && !working_) throw Error(Code::Unavailable, "the server is stopping: what waits is read by the next");
    Context::current().check();
    changed_.wait_for(lock, kLookAtContext);
  }
}

void FileQueue::stop() {
  {
    std::lock_guard lock(mutex_);
    stopped_ = true;
  }
  background_.stop();
}

void FileQueue::work() {
  {
    std::lock_guard lock(mutex_);
    if (working_ || stopped_ || waiting_.empty()) return;
    working_ = true;
  }
  background_.wait();  // one that is about to end
  try {
    background_.start([this](const std::atomic<bool>& stop) { run(stop); });
  } catch (const std::system_error& e) {
    base::log().error("no thread to read files on: {}; they wait for the next one", e.what());
    std::lock_guard lock(mutex_);
    working_ = false;
  }
}

void FileQueue::run(const std::atomic<bool>& stop) {
  std::unique_lock lock(mutex_);
  for (;;) {
    while (!turns_.empty() && !waiting_.count(turns_.front())) turns_.pop_front();  // dropped
    if (turns_.empty() || stop || stopped_) {
      working_ = false;
      return;
    }
    const auto at = waiting_.find(turns_.front());
    turns_.pop_front();
    const uint64_t order = now_order_ = at->second.order;
    now_ = std::move(at->second.file);
    waiting_.erase(at);
    lock.unlock();
    bool cancelled = false;
    try {
      read_(*now_);
    } catch (const Error& e) {
      cancelled = e.code() == Code::Cancelled;
      if (!cancelled) base::log().error("{} into {}: {}", now_->file, now_->store, e.what());
    } catch (const std::exception& e) {
      base::log().error("{} into {}: {}", now_->file, now_->store, e.what());
    }
    lock.lock();
    Key key{now_->store, now_->file};
    if (!cancelled || waiting_.count(key))
      leave(order);
    else  // without a turn: for the next process
      waiting_.emplace(std::move(key), Entry{std::move(*now_), order});
    now_.reset();
    changed_.notify_all();
  }
}

}  // namespace hanok::server
