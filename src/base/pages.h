// What the kernel is told about memory and parts of a mapped file. All are hints: whether they are taken changes no
// result.
#pragma once

#include <cstddef>
#include <span>

namespace hanok::base {

/// Memory that is read here and there: with pages of 2 MB hardly a read waits for the address of its page. Nothing
/// happens to parts that fill no such page.
void in_large_pages(std::span<const std::byte> owned);

/// Begins to read these bytes and returns at once: several reads are under way together where one page fault after
/// another would wait for each.
void will_need(std::span<const std::byte> bytes);
/// A page fault reads its own page and none after it.
void random_access(std::span<const std::byte> bytes);
/// Forgets the pages of a mapped file: they are read again when they are touched. Never for other memory, whose content
/// would be lost.
void let_go(std::span<const std::byte> mapped);

}  // namespace hanok::base
