// What each file of one instruction set offers (instruction_set.cc puts them together).
#pragma once

#include "dataplane/distribute/instruction_set.hh"

namespace lagg::distribute {

BucketFunction by_hash_scalar(const FlowHash &hash);
BucketFunction by_hash_aes(const FlowHash &hash);
BucketFunction by_hash_vaes(const FlowHash &hash);
HashFunction hashes_scalar(const FlowHash &hash);
HashFunction hashes_aes(const FlowHash &hash);
HashFunction hashes_vaes(const FlowHash &hash);
SpreadFunction spread_by_hash_vaes(const FlowHash &hash, size_t members);
uint32_t key_hash_aes(const FlowHash &hash, const frame::FlowKey &key);

} // namespace lagg::distribute
