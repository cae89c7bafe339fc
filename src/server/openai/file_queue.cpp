#include "server/openai/file_queue.h"

#include <algorithm>
#include <set>
#include <system_error>

#include "base/file.h"
#include "base/log.h"
#include "hanok/error.h"

namespace hanok::server {
namespace {

namespace fs = std::filesystem;
using base::Json;

Json to_json(const WaitingFile& f) {
  return {{"store", f.store}, {"file", f.file}, {"created_ms", f.created_ms}, {"how", f.how}};
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

void FileQueue::add(std::vector<WaitingFile> files) {
  if (files.empty()) return;
  {
    std::lock_guard lock(mutex_);
    if (stopped_) throw Error(Code::Unavailable, "the server is stopping");
    fs::create_directories(folder_);
    write(next_order_, files);
    put(next_order_++, std::move(files));
  }
  work();
}

// Needs mutex_, or that nobody else is there.
void FileQueue::put(uint64_t order, std::vector<WaitingFile> files) {
  std::vector<uint64_t> replaced;
  for (WaitingFile& f : files) {
    Key key{f.store, f.file};
    if (const auto there = waiting_.find(key); there != waiting_.end()) {
      replaced.push_back(there->second.order);
      there->second = {std::move(f), order};
    } else {
      turns_.push_back(key);
      waiting_.emplace(std::move(key), Entry{std::move(f), order});
    }
    ++left_[order];
  }
  for (const uint64_t one : replaced) leave(one);
}

// One file of an order waits no more. Needs mutex_.
void FileQueue::leave(uint64_t order) {
  if (--left_[order] > 0) return;
  left_.erase(order);
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

std::vector<std::string> FileQueue::drop(const std::string& store, const std::vector<std::string>& files) {
  std::lock_guard lock(mutex_);
  std::vector<std::string> out;
  std::set<uint64_t> orders;
  for (const auto& file : files) {
    const auto there = waiting_.find({store, file});
    if (there == waiting_.end()) continue;
    const uint64_t order = there->second.order;
    waiting_.erase(there);
    leave(order);
    orders.insert(order);
    out.push_back(file);
  }
  // What is left of their orders is written anew, so that no later process reads the dropped ones.
  for (const uint64_t order : orders) {
    if (!left_.count(order)) continue;
    std::vector<WaitingFile> rest;
    for (const auto& [key, entry] : waiting_)
      if (entry.order == order) rest.push_back(entry.file);
    if (now_ && now_order_ == order) rest.push_back(*now_);
    write(order, rest);
  }
  return out;
}

void FileQueue::wait(const std::string& store, const std::string& file) const {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return !now_ || now_->store != store || now_->file != file; });
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
    if (!cancelled) leave(order);
    now_.reset();
    changed_.notify_all();
  }
}

}  // namespace hanok::server
