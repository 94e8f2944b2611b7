"""Reads what malloc_info writes as XML: it has the form of the C library's, and
adds up with mallinfo and mote_stats: python3 malloc_info.py LIBMOTE.so"""
import os
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree as ElementTree

library = os.path.abspath(sys.argv[1])
here = os.path.dirname(os.path.abspath(__file__))

# What glibc's form has no place for.
own_attributes = {"size": {"used", "used_bytes"}}
own_types = {"total": {"used"}}


def figures(line):
    words = line.split()
    return dict(zip(words[::2], map(int, words[1::2])))


class State:
    def __init__(self, text):
        xml, rest = text.split("</malloc>\n")
        self.root = ElementTree.fromstring(xml + "</malloc>")
        status, wide, narrow, again, stats = rest.strip().split("\n")
        self.status = figures(status)["status"]
        self.wide, self.narrow, self.again, self.stats = map(
            figures, (wide, narrow, again, stats))
        self.heaps = self.root.findall("heap")

    def typed(self, tag, kind):
        """The only <tag type=kind> of the only heap."""
        heap, = self.heaps
        element, = heap.findall(f"{tag}[@type='{kind}']")
        return {name: int(value) for name, value in element.attrib.items()
                if name != "type"}

    def sizes(self):
        heap, = self.heaps
        return [{name: int(value) for name, value in size.attrib.items()}
                for size in heap.findall("sizes/size")]


def states(preload):
    with tempfile.TemporaryDirectory() as folder:
        program = os.path.join(folder, "program")
        subprocess.run(
            ["gcc", "-O1", "-fno-builtin", "-I",
             os.path.join(here, "..", "..", "src", "include"),
             os.path.join(here, "malloc_info.c"), "-o", program, "-pthread",
             "-ldl"], check=True)
        told = subprocess.run([program], check=True, text=True,
                              stdout=subprocess.PIPE,
                              env={**os.environ, "LD_PRELOAD": preload})
    return [State(text) for text in told.stdout.split("\n\n")[:-1]]


def names(root):
    """Of each path of elements, the attributes; and of each element, the
    types."""
    attributes, types = {}, {}

    def visit(element, path):
        path += "/" + element.tag
        attributes.setdefault(path, set()).update(element.attrib)
        types.setdefault(element.tag, set()).add(element.get("type"))
        for child in element:
            visit(child, path)

    visit(root, "")
    return attributes, types


class MallocInfo(unittest.TestCase):
    ours = states(library)
    theirs = states("")

    def test_all_states_are_told(self):
        for told in (self.ours, self.theirs):
            self.assertEqual([state.status for state in told], [0, 0, 0])
        self.assertEqual(self.theirs[1].stats["footprint"], 0)
        self.assertGreater(self.ours[1].stats["footprint"], 0)

    def test_names_are_the_c_librarys(self):
        attributes, types = names(self.theirs[1].root)
        for state in self.ours:
            self.assertEqual(state.root.tag, "malloc")
            self.assertEqual(state.root.attrib, self.theirs[1].root.attrib)
            our_attributes, our_types = names(state.root)
            for path, found in our_attributes.items():
                self.assertIn(path, attributes)
                tag = path.split("/")[-1]
                self.assertEqual(found - own_attributes.get(tag, set()),
                                 attributes[path], path)
            for tag, found in our_types.items():
                self.assertLessEqual(found - own_types.get(tag, set()),
                                     types[tag], tag)

    def test_there_is_one_heap(self):
        for state in self.ours:
            self.assertEqual([heap.attrib for heap in state.heaps],
                             [{"nr": "0"}])

    def test_asking_changes_nothing(self):
        for state in self.ours:
            self.assertEqual(state.wide, state.again)

    def test_mallinfo_says_the_same_as_mallinfo2(self):
        for state in self.ours:
            self.assertEqual(state.wide, state.narrow)

    def test_totals_are_those_of_mallinfo2_and_mote_stats(self):
        for state in self.ours:
            wide, stats = state.wide, state.stats
            self.assertEqual(
                state.typed("total", "rest"),
                {"count": wide["ordblks"], "size": wide["fordblks"]})
            self.assertEqual(
                state.typed("total", "rest"),
                {"count": stats["free_count"], "size": stats["free"]})
            self.assertEqual(
                state.typed("total", "used"),
                {"count": stats["used_count"], "size": wide["uordblks"]})
            self.assertEqual(wide["uordblks"], stats["used"])
            self.assertEqual(state.typed("system", "current"),
                             {"size": wide["arena"]})
            self.assertEqual(wide["arena"], stats["footprint"])
            self.assertEqual(state.typed("system", "max"),
                             {"size": stats["peak"]})
            for name in ("smblks", "hblks", "hblkhd", "usmblks", "fsmblks"):
                self.assertEqual(wide[name], 0)

    def test_sizes_add_up_to_totals(self):
        for state in self.ours:
            sizes = state.sizes()
            used, rest = (state.typed("total", kind) for kind in
                          ("used", "rest"))
            for total, name in ((used["count"], "used"),
                                (used["size"], "used_bytes"),
                                (rest["count"], "count"),
                                (rest["size"], "total")):
                self.assertEqual(sum(size[name] for size in sizes), total)

    def test_sizes_are_in_their_ranges(self):
        for state in self.ours:
            end = 0
            for size in state.sizes():
                self.assertGreater(size["from"], end)
                end = size["to"]
                for count, total in (("used", "used_bytes"),
                                     ("count", "total")):
                    self.assertLessEqual(size["from"] * size[count],
                                         size[total])
                    self.assertLessEqual(size[total], end * size[count])
                self.assertGreater(size["used"] + size["count"], 0)

    def test_the_system_gave_what_is_used_and_free(self):
        for state in self.ours:
            current = state.typed("system", "current")["size"]
            self.assertLessEqual(state.typed("total", "used")["size"] +
                                 state.typed("total", "rest")["size"], current)
            self.assertLessEqual(current, state.typed("system", "max")["size"])
            self.assertLessEqual(state.wide["keepcost"],
                                 state.wide["fordblks"])

    def test_states_differ_by_what_was_done(self):
        begin, busy, end = self.ours
        used = [state.typed("total", "used") for state in self.ours]
        # Every second one of 6,000, and a large one.
        self.assertGreaterEqual(used[1]["count"] - used[0]["count"], 3001)
        self.assertGreaterEqual(used[1]["size"] - used[0]["size"], 5 << 20)
        # In the hardened profile the last 256 freed wait.
        self.assertLessEqual(used[2]["count"], used[0]["count"] + 300)
        self.assertLess(end.typed("system", "current")["size"],
                        busy.typed("system", "current")["size"])
        self.assertLess(len(begin.sizes()), len(busy.sizes()))


result = unittest.main(argv=["malloc_info"], exit=False, verbosity=2).result
failed = len(result.failures) + len(result.errors)
print(f"{result.testsRun - failed} passed, {failed} failed")
sys.exit(failed > 0)
