# Parses part of the standard library, keeps the trees, round-trips JSON.
import ast
import collections
import json
import os

folder = os.path.dirname(os.__file__)
trees = []
for name in ("argparse", "datetime", "inspect", "typing", "tarfile", "subprocess"):
    with open(os.path.join(folder, name + ".py"), encoding="utf-8") as source:
        trees.append(ast.parse(source.read()))
counts = collections.Counter(type(node).__name__ for tree in trees for node in ast.walk(tree))
del trees[::2]
rows = [{"id": i, "name": f"row {i}", "tags": ["a" * (i % 30), i / 7]} for i in range(8000)]
text = json.dumps(rows)
assert json.loads(text) == rows
words = collections.defaultdict(list)
for position, word in enumerate(text.split()):
    words[word].append(position)
print(len(counts), len(text), len(words))
