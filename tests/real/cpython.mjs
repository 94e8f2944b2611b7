// CPython's own tests, by its own runner: which cases passed, which were skipped.
import { readFileSync, rmSync } from 'node:fs';

// Not PATH's, which may be another one than the tests are of.
const python = '/usr/bin/python3';

// In one process, quick, and mostly of what allocates.
const few = `array bisect bytes collections copy dataclasses deque descr dict dictviews enum functools generators json list
  memoryview ordered_dict re sort string struct thread typing unicode userdict weakset zlib`;

// All that Debian packages but these, a process for each file. What needs a network
// or listens to one; what starts processes by the hundred; what measures time or waits
// for signals; what builds programs or walks through the library; what needs a
// terminal, other rights or much room on the disk. And the last: there CPython 3.11
// reads an interpreter that it has freed (drop_gil, when a thread ends), which the
// hardened profile stops, as glibc does with each large block in pages of its own.
const left = `asynchat asyncio asyncore docxmlrpc ftplib httplib httpservers imaplib logging nntplib poplib robotparser smtpd
  smtplib smtpnet socket socketserver ssl telnetlib timeout urllib2 urllib2_localnet urllib2net urllibnet wsgiref xmlrpc xmlrpc_net
  concurrent_futures multiprocessing_fork multiprocessing_forkserver multiprocessing_main_handling multiprocessing_spawn subprocess
  eintr epoll faulthandler file_eintr poll queue sched select selectors signal strftime threadsignals time timeit wait3 wait4
  cppext compileall distutils ensurepip idle importlib lib2to3 peg_generator regrtest tools trace venv
  cmd_line largefile openpty pdb pty readline webbrowser
  _xxsubinterpreters`;

const files = (words) => words.split(/\s+/).map((word) => `test_${word}`);

// Of the file that the runner writes for each case, and of what it printed of files
// that were skipped as a whole. A case that fails ends it with an error.
function outcomes(printed, report) {
  const cases = [...report.matchAll(/<testcase name="([^"]*)"[^>]*?(?:\/>|>([^]*?)<\/testcase>)/g)]
    .map(([, name, inside = '']) => `${/<(skipped|failure|error)\b/.exec(inside)?.[1] ?? 'passed'} ${name}`);
  const summary = printed.split('\n').filter((line) => /^(All )?\d+ tests? |^Tests result|^ {4}test_/.test(line));
  return [...cases.sort(), ...summary].join('\n');
}

function counts(answer) {
  const count = (outcome) => answer.split('\n').filter((line) => line.startsWith(`${outcome} `)).length;
  return `${count('passed')} cases passed, ${count('failure') + count('error')} failed, ${count('skipped')} skipped`;
}

const tests = (report, choice) => ({
  needs: '/usr/lib/python3.11/test/test_list.py',
  prepare: () => rmSync(report, { force: true }),
  command: [python, '-m', 'test', '--junit-xml', report, ...choice],
  answer: (printed) => outcomes(printed, readFileSync(report, 'utf8')),
  counts,
});

export const fewTests = (report) => tests(report, files(few));
export const mostTests = (report) => tests(report, ['-j2', '-x', ...files(left)]);
