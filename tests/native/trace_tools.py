"""Tests mote-trace and mote-replay on programs that end, fork and fail in every
way: python3 trace_tools.py BUILD_FOLDER SOURCE_FOLDER"""
import json
import os
import resource
import signal
import struct
import subprocess
import sys
import tempfile
import unittest

build, source = (os.path.abspath(folder) for folder in sys.argv[1:3])
mote_trace = os.path.join(build, "mote-trace")
mote_replay = os.path.join(build, "mote-replay")
program = os.path.join(build, "tests", "traced_program")


def compiled(folder, name, text, *flags):
    path = os.path.join(folder, name)
    with open(path + ".c", "w") as file:
        file.write(text)
    subprocess.run(["gcc", "-fno-builtin", *flags, path + ".c", "-o", path],
                   check=True)
    return path


class Case(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.trace = os.path.join(self.folder, "trace")

    def run_tool(self, *arguments, **options):
        """With a session of its own, so that nothing outlives a timeout."""
        data = options.pop("input", None)
        if data is not None:
            options["stdin"] = subprocess.PIPE
        with subprocess.Popen(arguments, text=True, start_new_session=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              **options) as process:
            try:
                out, error = process.communicate(data, timeout=100)
            except BaseException:
                os.killpg(process.pid, signal.SIGKILL)
                raise
        return subprocess.CompletedProcess(arguments, process.returncode, out,
                                           error)

    def report(self, *command, options=(), trace=None, status=0, **more):
        """Traces the command; its report, which has `said` beside it."""
        path = os.path.join(self.folder, "json")
        ran = self.run_tool(mote_trace, "-o", trace or self.trace, "--json",
                            path, *options, "--", *command, **more)
        self.assertEqual(ran.returncode, status, ran.stderr)
        with open(path) as file:
            report = json.load(file)
        report["said"] = ran.stderr
        return report

    def read(self, trace):
        ran = self.run_tool(mote_trace, "--read", trace, "--json", "-")
        self.assertEqual(ran.returncode, 0, ran.stderr)
        return json.loads(ran.stdout)

    def phase(self, report, name):
        return next(it for it in report["phases"] if it["name"] == name)


class Report(Case):
    def test_has_what_the_program_did(self):
        report = self.report(program, "known")
        main = self.phase(report, "main")
        self.assertEqual(main["allocated"], {"bytes": 1812, "blocks": 4})
        before = self.phase(report, "before main")["in_use_after"]
        self.assertEqual(
            main["in_use_after"]["bytes"] - before["bytes"], 512)
        self.assertEqual(report["reallocations"], 1)
        self.assertEqual(report["unknown_frees"], 0)
        self.assertEqual(report["notes"], [])

    def test_names_the_places(self):
        report = self.report(program, "known")
        sites = [site["stack"][0] for site in report["call_sites"]]
        self.assertTrue(any("known()" in site for site in sites), sites)
        leak = next(leak for leak in report["leaks"]
                    if leak["in_use"]["bytes"] == 512)
        self.assertIn("known()", leak["stack"][0])
        self.assertIn("main", leak["stack"][1])
        self.assertIn("known()", report["said"])

    def test_has_no_stacks_if_not_asked(self):
        report = self.report(program, "known", options=["--stacks=0"])
        self.assertEqual(report["call_sites"], [])

    def test_every_name_is_seen_once(self):
        nothing = self.report(program, "nothing")
        trace = os.path.join(self.folder, "names")
        names = self.report(program, "names", trace=trace)
        self.assertEqual(names["allocations"] - nothing["allocations"], 22)
        self.assertEqual(names["reallocations"], 2)
        self.assertEqual(names["refused"], 1)
        self.assertEqual(names["in_use"], nothing["in_use"])
        self.assertEqual(names["unknown_frees"], 0)

    def test_is_about_a_kept_trace_too(self):
        report = self.report(program, "known")
        again = self.read(self.trace)
        for key in ("allocated", "peak", "in_use", "phases", "by_size"):
            self.assertEqual(report[key], again[key])

    def test_constructors_run_before_main(self):
        allocating = compiled(self.folder, "early", """
            #include <stdlib.h>
            void* volatile kept;
            __attribute__((constructor)) static void early(void) {
              kept = malloc(1234);
            }
            int main(void) { free(kept); return 0; }""")
        report = self.report(allocating)
        before = self.phase(report, "before main")
        self.assertEqual(before["allocated"], {"bytes": 1234, "blocks": 1})
        self.assertEqual(before["in_use_after"], before["allocated"])
        self.assertEqual(
            self.phase(report, "main")["in_use_after"]["bytes"], 0)

    def test_an_empty_program_allocates_nothing(self):
        empty = compiled(self.folder, "empty", "int main(void) { return 0; }")
        report = self.report(empty)
        self.assertEqual(report["allocated"], {"bytes": 0, "blocks": 0})
        self.assertEqual(report["events"], 0)


class End(Case):
    def test_by_a_signal_is_passed_on_and_loses_nothing(self):
        report = self.report(program, "kill", status=-signal.SIGKILL)
        self.assertGreaterEqual(report["allocations"], 100_000)
        report = self.report(program, "abort", status=-signal.SIGABRT)
        self.assertGreaterEqual(report["allocations"], 1000)

    def test_by__exit_or_exit_is_passed_on(self):
        report = self.report(program, "_exit", status=3)
        self.assertGreaterEqual(report["allocations"], 1000)
        report = self.report(program, "exit", status=7)
        self.assertEqual(self.phase(report, "exit")["name"], "exit")

    def test_the_programs_output_is_its_own(self):
        ran = self.run_tool(mote_trace, "sh", "-c", "echo out; cat",
                            input="in")
        self.assertEqual(ran.stdout, "out\nin")

    def test_what_cannot_start_is_said(self):
        ran = self.run_tool(mote_trace, "no-such-program")
        self.assertEqual(ran.returncode, 127)
        self.assertIn("no-such-program: No such file", ran.stderr)
        ran = self.run_tool(mote_trace, "/etc/passwd")
        self.assertEqual(ran.returncode, 126)

    def test_options_that_are_wrong_are_said(self):
        self.assertEqual(self.run_tool(mote_trace).returncode, 2)
        ran = self.run_tool(mote_trace, "--rows", "x", program, "known")
        self.assertEqual(ran.returncode, 2)


class Processes(Case):
    def children(self):
        return [name for name in os.listdir(self.folder)
                if name.startswith("trace.")]

    def test_a_forks_child_has_a_file_of_its_own(self):
        for how in ("fork", "system-fork"):
            report = self.report(program, how, options=["--children"])
            self.assertEqual(report["notes"], [])
            children = self.children()
            self.assertEqual(len(children), 20, how)
            for name in children:
                child = self.read(os.path.join(self.folder, name))
                self.assertEqual(child["allocations"], 7)
                self.assertEqual(child["allocated"]["bytes"], 7 * 77)
                self.assertIn("forked from process", child["notes"][0])
                if child["call_sites"]:
                    self.assertEqual(len(child["notes"]), 1)
                else:  # what the C library forks has stacks
                    self.assertEqual(how, "system-fork")
                    self.assertIn("there are no stacks", child["notes"][1])

    def test_children_are_left_out_if_not_asked_for(self):
        self.report(program, "fork")
        self.assertEqual(self.children(), [])

    def test_after_exec_the_last_image_is_reported(self):
        report = self.report(program, "exec")
        main = self.phase(report, "main")
        self.assertEqual(main["allocated"], {"bytes": 1812, "blocks": 4})
        first = self.read(self.trace)
        self.assertGreaterEqual(first["allocations"], 500)
        self.assertEqual(len(self.children()), 1)

    def test_vfork_spoils_nothing(self):
        report = self.report(program, "vfork")
        self.assertEqual(self.phase(report, "main")["allocated"],
                         {"bytes": 70, "blocks": 7})

    def test_one_program_among_others(self):
        report = self.report("sh", "-c", f"true; {program} known; true",
                             options=["--program", "traced_program"[:15]])
        self.assertEqual(self.phase(report, "main")["allocated"]["bytes"],
                         1812)
        self.assertEqual(self.children(), [])

    def test_threads_by_the_thousand(self):
        report = self.report(program, "threads")
        self.assertEqual(report["threads"], 3001)
        fifties = next(bar for bar in report["by_size"]
                       if bar.get("below") == 64)
        self.assertGreaterEqual(fifties["blocks"], 30_000)
        self.assertEqual(report["unknown_frees"], 0)

    def test_signal_handlers_may_allocate(self):
        report = self.report(program, "signals")
        self.assertGreaterEqual(report["allocations"], 400)
        self.assertEqual(report["notes"], [])

    def test_a_program_may_close_what_it_did_not_open(self):
        report = self.report(program, "close-all")
        self.assertGreaterEqual(report["allocations"], 300_000)
        self.assertEqual(report["notes"], [])

    def test_a_malloc_of_its_own_is_said(self):
        own = compiled(self.folder, "own", """
            #include <stddef.h>
            static char bytes[1 << 16];
            static size_t used;
            void* malloc(size_t size) {
              used += (size + 15) & -16;
              return bytes + used - ((size + 15) & -16);
            }
            void free(void* ptr) { (void)ptr; }
            void* calloc(size_t count, size_t size) {
              return malloc(count * size);
            }
            void* realloc(void* ptr, size_t size) {
              (void)ptr;
              return malloc(size);
            }
            int main(void) { free(malloc(10)); return 5; }""")
        report = self.report(own, status=5)
        self.assertIn("brings its own malloc", report["notes"][0])

    def test_static_programs_are_said(self):
        static = compiled(self.folder, "static",
                          "int main(void) { return 4; }", "-static")
        ran = self.run_tool(mote_trace, static)
        self.assertEqual(ran.returncode, 4)
        self.assertIn("linked statically", ran.stderr)

    def test_an_allocator_that_is_preloaded_is_the_one_below(self):
        library = os.path.join(build, "libmote.so")
        report = self.report(
            "sh", "-c", f"{program} names; cat /proc/self/maps",
            options=["--program", "traced_program"],
            env={**os.environ, "LD_PRELOAD": library})
        self.assertEqual(report["reallocations"], 3)  # to 0 does not free
        self.assertEqual(report["unknown_frees"], 0)


class Space(Case):
    def test_a_file_size_limit_ends_the_trace_not_the_program(self):
        limit = 1 << 20
        report = self.report(
            program, "many", preexec_fn=lambda: resource.setrlimit(
                resource.RLIMIT_FSIZE, (limit, limit)))
        self.assertIn("the trace ends here: File too large", report["said"])
        self.assertIn("recording stopped", report["notes"][0])
        self.assertGreater(report["allocations"], 5_000)
        self.assertLess(report["allocations"], 500_000)

    def test_a_full_disk_ends_the_trace_not_the_program(self):
        disk = os.path.join(self.folder, "disk")
        os.mkdir(disk)
        mount = self.run_tool("mount", "-t", "tmpfs", "-o", "size=2m", "none",
                              disk)
        if mount.returncode != 0:
            self.skipTest("no right to mount")
        self.addCleanup(subprocess.run, ["umount", disk], check=True)
        report = self.report(program, "many",
                             trace=os.path.join(disk, "trace"))
        self.assertIn("the trace ends here: No space left", report["said"])
        self.assertIn("recording stopped", report["notes"][0])
        self.assertGreater(report["allocations"], 50_000)
        self.assertLess(report["allocations"], 500_000)

    def test_a_folder_that_is_not_there_is_said(self):
        ran = self.run_tool(mote_trace, "-o",
                            os.path.join(self.folder, "no", "trace"), program,
                            "known")
        self.assertEqual(ran.returncode, 2)
        self.assertIn("No such file", ran.stderr)

    def test_no_file_but_a_trace_is_overwritten(self):
        with open(self.trace, "w") as file:
            file.write("precious, and long enough to be a header of a trace")
        ran = self.run_tool(mote_trace, "-o", self.trace, program, "known")
        self.assertEqual(ran.returncode, 2)
        self.assertIn("is not a mote trace", ran.stderr)
        with open(self.trace) as file:
            self.assertTrue(file.read().startswith("precious"))


class BadTrace(Case):
    def outcome(self, content):
        with open(self.trace, "wb") as file:
            file.write(content)
        outcomes = [self.run_tool(mote_trace, "--read", self.trace),
                    self.run_tool(mote_replay, self.trace, "--on=tiny-8",
                                  "--repetitions=1")]
        for ran in outcomes:
            self.assertIn(ran.returncode, (0, 1, 2), ran.stderr)
            self.assertNotIn("terminate", ran.stderr)
        return outcomes

    def test_is_refused_with_its_name_and_reason(self):
        for content in (b"", b"#!/bin/sh\n" * 100, b"motetrce\x02" + bytes(50),
                        b"motetrce", b"\xfd7zXZ\0broken" * 20):
            for ran in self.outcome(content):
                self.assertEqual(ran.returncode, 2, content)
                self.assertIn(self.trace, ran.stderr)

    def test_is_read_as_far_as_it_is_one(self):
        self.report(program, "names", options=["--stacks=4"])
        with open(self.trace, "rb") as file:
            whole = file.read()
        for share in range(1, 10):
            self.outcome(whole[:len(whole) * share // 10])
        for seed in range(30):
            at = 32 + (seed * 7919) % (len(whole) - 32)
            self.outcome(whole[:at] + bytes([seed * 37 % 256]) +
                         whole[at + 1:])

    def test_is_named_when_it_is_not_there(self):
        for tool in ([mote_trace, "--read"], [mote_replay]):
            ran = self.run_tool(*tool, "/nonexistent")
            self.assertEqual(ran.returncode, 2)
            self.assertIn("/nonexistent: No such file", ran.stderr)


class Replay(Case):
    def test_serves_the_same_on_all(self):
        self.report(program, "kill", status=-signal.SIGKILL)
        ran = self.run_tool(mote_replay, self.trace, "--repetitions=1")
        self.assertEqual(ran.returncode, 0, ran.stderr)
        rows = ran.stdout.splitlines()[3:]
        self.assertEqual(len(rows), 5)
        for row in rows:
            ns, footprint, ratio = row.split()[-3:]
            self.assertGreater(float(ns), 0)
            self.assertGreater(int(footprint), 0)
            self.assertGreater(float(ratio), 0.9)

    def test_takes_a_compressed_trace_and_standard_input(self):
        self.report(program, "known")
        plain = self.run_tool(mote_replay, self.trace, "--on=tiny-8")
        subprocess.run(["xz", "--keep", self.trace], check=True)
        packed = self.run_tool(mote_replay, self.trace + ".xz", "--on=tiny-8")
        with open(self.trace, "rb") as file:
            piped = self.run_tool(mote_replay, "-", "--on=tiny-8", stdin=file)
        told = [ran.stdout.splitlines()[0].split(": ")[1]
                for ran in (plain, packed, piped)]
        self.assertEqual(told[0], told[1])
        self.assertEqual(told[0], told[2])

    def test_scales_sizes(self):
        self.report(program, "_exit", status=3)
        told = [self.run_tool(mote_replay, self.trace, "--on=tiny-8",
                              f"--scale={scale}").stdout
                for scale in (1, 0.5)]
        live = [int(text.splitlines()[0].split()[-3]) for text in told]
        self.assertAlmostEqual(live[0] / live[1], 2, delta=0.1)

    def test_a_trace_of_the_order_alone_replays_the_same(self):
        ordered = os.path.join(self.folder, "ordered")
        self.report(program, "names", options=["--order-only"], trace=ordered)
        self.report(program, "names")
        told = [self.run_tool(mote_replay, trace, "--on=tiny-8").stdout
                .splitlines()[0].split(": ")[1]
                for trace in (ordered, self.trace)]
        self.assertEqual(told[0], told[1])
        again = os.path.join(self.folder, "again")
        self.report(program, "names", options=["--order-only"], trace=again)
        with open(ordered, "rb") as one, open(again, "rb") as other:
            self.assertEqual(one.read(), other.read())

    def test_a_trace_without_events_is_said(self):
        with open(self.trace, "wb") as file:
            file.write(b"motetrce" + struct.pack("<HHIQQ", 1, 8, 0, 0, 0))
        ran = self.run_tool(mote_replay, self.trace)
        self.assertEqual(ran.returncode, 2)
        self.assertIn("has no events", ran.stderr)


result = unittest.main(argv=["trace_tools"], exit=False, verbosity=2).result
failed = len(result.failures) + len(result.errors)
skipped = len(result.skipped)
print(f"{result.testsRun - failed - skipped} passed, {failed} failed"
      + (f", {skipped} skipped" if skipped else ""))
sys.exit(failed > 0)
