"""Ordinary Python work whose answers depend on nothing but this file.

Run with the C library's malloc and with mote preloaded, and with
PYTHONMALLOC=malloc, which sends the small objects there too.
"""
import bisect
import collections
import hashlib
import heapq
import json
import re
import zlib


def numbers(count, modulus, state=1):
    for _ in range(count):
        state = state * 48271 % 2147483647
        yield state % modulus


def show(what, value):
    print(what, hashlib.sha256(repr(value).encode()).hexdigest()[:16])


syllables = "ka lo mi ter na su ve dor il ba quo zen".split()
picks = list(numbers(240_000, len(syllables)))
words = ["".join(syllables[i] for i in picks[at:at + 2 + at % 4]) for at in range(0, len(picks) - 6, 3)]

records = [
    {"id": i, "name": word, "tags": words[i:i + i % 5], "at": {"x": i * 7 % 1000, "y": i / 8}}
    for i, word in enumerate(words[:40_000])
]
text = json.dumps(records, indent=1)
again = json.loads(text)
assert again == records
show("json", text)

page = " ".join(words)
show("regex", [
    collections.Counter(re.findall(r"\b(\w*?)(ter|zen)(\w{3,9})\b", page)).most_common(40),
    re.sub(r"(ka|lo)+", lambda match: match.group().upper(), page).count("KA"),
    len(re.split(r"[aeiou]{2}|\s+", page)),
])

by_length = collections.defaultdict(list)
for word in words:
    by_length[len(word)].append(word)
show("group", {length: sorted(group, reverse=True)[:50] for length, group in by_length.items()})

keys = list(numbers(150_000, 10**9))
ordered = sorted(keys, key=lambda key: (key % 1000, str(key)))
queue = []
for key in keys[:60_000]:
    heapq.heappush(queue, (key, str(key)))
line = []
for key in keys[:20_000]:
    bisect.insort(line, key)
show("sort", [ordered[::997], [heapq.heappop(queue) for _ in range(30_000)][::97], line[::97]])

recent = collections.OrderedDict()
for key in numbers(200_000, 30_000, 7):
    recent[key] = recent.pop(key, "") + chr(97 + key % 26)
    if len(recent) > 8_000:
        recent.popitem(last=False)
show("cache", list(recent.items())[::13])

big = 1
for i in range(1, 3_000):
    big *= i
show("integers", hex(big))

blocks = [zlib.compress(text[at:at + 70_000].encode(), 3) for at in range(0, len(text), 50_000)]
show("zlib", [len(zlib.decompress(block)) for block in blocks])

grown = bytearray()
pieces = []
for i, word in enumerate(words):
    grown += word.encode() * (i % 7)
    if i % 1000 == 0:
        pieces.append(bytes(grown))
show("bytes", [len(piece) for piece in pieces] + [pieces[-1][-100:]])
