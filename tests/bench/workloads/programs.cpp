// The two synthetic rows with a data structure in the heap: here the blocks
// hold links, so the tags stand in the first and last member.
#include "bench.hpp"

using namespace bench;

namespace {

constexpr uint32_t first_tag = 0x6e6f6465;
constexpr uint32_t last_tag = 0x656e6421;

// ---- A JSON document: built, some of it edited, freed.

struct Value {
  uint32_t tag_first = first_tag;
  uint32_t child_count = 0;  // 0: a string
  uint32_t capacity_count = 0;
  uint32_t text_size = 0;
  Value** children = nullptr;
  char* text = nullptr;
  uint32_t tag_last = last_tag;
};

Value* make_string(Random& random) {
  auto* value = static_cast<Value*>(allocate(sizeof(Value)));
  *value = Value{};
  value->text_size = random.between(3, random.below(8) == 0 ? 200 : 24);
  value->text = take(value->text_size);
  return value;
}

void append(Value* parent, Value* child) {
  if (parent->child_count == parent->capacity_count) {
    uint32_t capacity = parent->capacity_count ? parent->capacity_count * 2 : 4;
    size_t old_size = parent->capacity_count * sizeof(Value*);
    size_t new_size = capacity * sizeof(Value*);
    if (old_size == 0) {
      parent->children = static_cast<Value**>(allocate(new_size));
    } else {
      count(old_size, new_size, true, true);
      parent->children = static_cast<Value**>(
          bench_realloc(parent->children, old_size, 0, new_size));
      require_memory(parent->children);
    }
    parent->capacity_count = capacity;
  }
  parent->children[parent->child_count++] = child;
}

Value* make_tree(Random& random, uint32_t depth) {
  if (depth == 0 || random.below(6) == 0) return make_string(random);
  Value* value = make_string(random);
  for (uint32_t i = random.between(3, 12); i > 0; --i) {
    append(value, make_tree(random, depth - 1));
  }
  return value;
}

void free_tree(Value* value) {
  require(value->tag_first == first_tag && value->tag_last == last_tag);
  for (uint32_t i = 0; i < value->child_count; ++i) {
    free_tree(value->children[i]);
  }
  if (value->capacity_count) {
    release(value->children, value->capacity_count * sizeof(Value*));
  }
  give(value->text, value->text_size);
  release(value, sizeof(Value));
}

// ---- A hash map from strings to strings, chained, growing.

struct Entry {
  uint32_t tag_first = first_tag;
  uint32_t key = 0;
  Entry* next = nullptr;
  char* name = nullptr;
  uint32_t name_size = 0;
  char* value = nullptr;
  uint32_t value_size = 0;
  uint32_t tag_last = last_tag;
};

class HashMap {
 public:
  HashMap() { buckets_ = make_buckets(bucket_count_); }

  ~HashMap() {
    for (uint32_t i = 0; i < bucket_count_; ++i) {
      while (Entry* entry = buckets_[i]) {
        buckets_[i] = entry->next;
        destroy(entry);
      }
    }
    release(buckets_, bucket_count_ * sizeof(Entry*));
  }

  void set(uint32_t key, Random& random) {
    if (Entry* entry = *find(key)) {
      give(entry->value, entry->value_size);
      entry->value_size = random.between(8, 100);
      entry->value = take(entry->value_size);
      return;
    }
    if (entry_count_ == bucket_count_) rehash();
    auto* entry = static_cast<Entry*>(allocate(sizeof(Entry)));
    *entry = Entry{};
    entry->key = key;
    entry->name_size = random.between(4, 32);
    entry->name = take(entry->name_size);
    entry->value_size = random.between(8, 100);
    entry->value = take(entry->value_size);
    *find(key) = entry;
    ++entry_count_;
  }

  void erase(uint32_t key) {
    Entry** link = find(key);
    Entry* entry = *link;
    if (!entry) return;
    *link = entry->next;
    destroy(entry);
    --entry_count_;
  }

 private:
  static Entry** make_buckets(uint32_t bucket_count) {
    auto** buckets =
        static_cast<Entry**>(allocate(bucket_count * sizeof(Entry*)));
    for (uint32_t i = 0; i < bucket_count; ++i) buckets[i] = nullptr;
    return buckets;
  }

  static void destroy(Entry* entry) {
    require(entry->tag_first == first_tag && entry->tag_last == last_tag);
    give(entry->name, entry->name_size);
    give(entry->value, entry->value_size);
    release(entry, sizeof(Entry));
  }

  uint32_t index_of(uint32_t key) const {
    return (key * 0x9e3779b1u >> 7) & (bucket_count_ - 1);
  }

  Entry** find(uint32_t key) {
    Entry** link = &buckets_[index_of(key)];
    while (*link && (*link)->key != key) link = &(*link)->next;
    return link;
  }

  void rehash() {
    Entry** old_buckets = buckets_;
    uint32_t old_count = bucket_count_;
    bucket_count_ *= 2;
    buckets_ = make_buckets(bucket_count_);
    for (uint32_t i = 0; i < old_count; ++i) {
      while (Entry* entry = old_buckets[i]) {
        old_buckets[i] = entry->next;
        Entry*& head = buckets_[index_of(entry->key)];
        entry->next = head;
        head = entry;
      }
    }
    release(old_buckets, old_count * sizeof(Entry*));
  }

  Entry** buckets_;
  uint32_t bucket_count_ = 16;
  uint32_t entry_count_ = 0;
};

}  // namespace

// Four documents of about 4 MiB, the second half of their life beside others.
ROW(json) {
  Random random(11);
  Value* documents[4] = {};
  for (uint32_t i = 0; i < 6; ++i) {
    Value*& document = documents[i % 4];
    if (document) free_tree(document);
    document = make_tree(random, 5);
    // Edits: a child makes room for a new subtree.
    for (uint32_t k = 0; k < 20 && document->child_count; ++k) {
      Value*& child = document->children[random.below(document->child_count)];
      free_tree(child);
      child = make_tree(random, 3);
    }
  }
  for (Value* document : documents) free_tree(document);
}

// Sets, overwrites and erases with a key range that lets the map fill.
ROW(hashmap) {
  Random random(12);
  HashMap map;
  for (uint32_t i = 0; i < 200000; ++i) {
    uint32_t key = random.below(50000);
    if (random.below(3) == 0) {
      map.erase(key);
    } else {
      map.set(key, random);
    }
  }
}
