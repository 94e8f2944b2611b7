// The whole way of the action on a small project with a history: its second
// commit grows, its third breaks the budget. The shell form is run as any CI runs
// it, and action.yml as a runner runs it, with a server in the place of GitHub's.
import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { appendFileSync, cpSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { here, output, runTests, scratchFolder } from './harness.mjs';

const root = dirname(here);
const folder = scratchFolder();
const project = join(folder, 'project');
const { parse } = createRequire(join(dirname(root), 'build/tools/'))('yaml');

const git = (...args) => output('git', ['-c', 'user.name=size', '-c', 'user.email=size@example.invalid', ...args], { cwd: project });
function commit(message) {
  git('add', '-A');
  git('commit', '-qm', message);
  return git('rev-parse', 'HEAD').trim();
}

cpSync(join(here, 'sample/project'), project, { recursive: true });
writeFileSync(join(project, '.gitignore'), 'out/\nsize-report/\n');
git('init', '-q', '-b', 'main');
const first = commit('An app');
git('checkout', '-q', '-b', 'growth');
const addition = readFileSync(join(project, 'grow.inc'), 'utf8');
appendFileSync(join(project, 'app.c'), addition);
const second = commit('Count digits');
for (const name of ['more', 'still_more', 'too_much']) appendFileSync(join(project, 'app.c'), addition.replaceAll('digits', name).replaceAll('10', String(name.length + 5)));
const third = commit('Count in other bases too');

function run(command, args, env = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: project, env: { ...process.env, ...env } });
    let printed = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => { printed += text; });
    child.on('close', (status) => resolve({ status, printed }));
  });
}

const ci = (...args) => run('bash', [join(root, 'ci'), '--files', 'out/*.wasm', '--unstripped', '.named.wasm', '--build', 'bash build.sh', '--allocator', join(folder, 'names.txt'), ...args]);
writeFileSync(join(folder, 'names.txt'), 'malloc\n');
const result = (file) => readFileSync(join(project, 'size-report', file), 'utf8');

// `${{ a || b }}` with names and 'texts', as far as action.yml goes.
function evaluated(expression, names) {
  const valueOf = (word) => (word.startsWith("'") ? word.slice(1, -1) : word === 'always()' ? true : names[word] ?? '');
  return expression.split('||').map((either) => either.split('&&').map((part) => part.trim()).map((part) => {
    const [left, right] = part.split('==').map((word) => word.trim());
    return right === undefined ? valueOf(left) : String(valueOf(left)) === valueOf(right);
  }).reduce((a, b) => a && b)).reduce((a, b) => a || b);
}
const substituted = (text, names) => String(text).replace(/\$\{\{ (.*?) \}\}/g, (_, expression) => String(evaluated(expression, names)));

// Runs action.yml; returns what its steps printed, by name, and the job's status.
async function action({ inputs, names, env }) {
  const { inputs: declared, runs } = parse(readFileSync(join(root, 'action.yml'), 'utf8'));
  const unknown = Object.keys(inputs).find((name) => !(name in declared));
  ok(unknown === undefined, `no input ${unknown}`);
  const all = { ...names };
  for (const [name, { default: fallback = '', required }] of Object.entries(declared)) {
    ok(!required || name in inputs, `${name} is required`);
    all[`inputs.${name}`] = inputs[name] ?? substituted(fallback, names);
  }
  const printed = {};
  let status = 0;
  for (const [i, step] of runs.steps.entries()) {
    if (step.if === undefined ? status !== 0 : !evaluated(step.if, all)) continue;
    const outputs = join(folder, `outputs-${i}`);
    writeFileSync(outputs, '');
    const stepEnv = Object.fromEntries(Object.entries(step.env ?? {}).map(([key, value]) => [key, substituted(value, all)]));
    const done = await run('bash', ['--noprofile', '--norc', '-eo', 'pipefail', '-c', step.run], { ...env, ...stepEnv, GITHUB_ACTION_PATH: root, GITHUB_OUTPUT: outputs });
    status ||= done.status;
    printed[step.name] = done.printed;
    for (const line of readFileSync(outputs, 'utf8').trim().split('\n')) all[`steps.${step.id}.outputs.${line.split('=')[0]}`] = line.slice(line.indexOf('=') + 1);
  }
  return { printed, status };
}

// GitHub's comments, as far as comment.mjs needs them.
async function withComments(comments, isAllowed, act) {
  const server = createServer((request, response) => {
    const pieces = [];
    request.on('data', (piece) => pieces.push(piece));
    request.on('end', () => {
      const body = pieces.length > 0 ? JSON.parse(Buffer.concat(pieces)) : null;
      const send = (status, value) => { response.writeHead(status); response.end(JSON.stringify(value)); };
      const { pathname, searchParams } = new URL(request.url, 'http://127.0.0.1');
      const edited = /^\/repos\/owner\/project\/issues\/comments\/(\d+)$/.exec(pathname);
      if (!isAllowed || request.headers.authorization !== 'Bearer token') return send(403, { message: 'not accessible' });
      if (edited && request.method === 'PATCH') return send(200, Object.assign(comments.find(({ id }) => id === Number(edited[1])), body));
      if (pathname !== '/repos/owner/project/issues/7/comments') return send(500, { message: pathname });
      if (request.method === 'POST') return send(201, comments.push({ id: comments.length + 1, ...body }));
      const page = Number(searchParams.get('page'));
      return send(200, comments.slice((page - 1) * 100, page * 100));
    });
  });
  await new Promise((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  try {
    return await act(`http://127.0.0.1:${server.address().port}`);
  } finally {
    server.close();
    server.closeAllConnections?.();
  }
}

// A pull request from `fork` or the project's own repository, on `head`.
async function pullRequest(api, { fork = 'owner/project', inputs = {} } = {}) {
  const event = join(folder, 'event.json');
  const summary = join(folder, 'summary.md');
  writeFileSync(event, JSON.stringify({ pull_request: { number: 7, head: { repo: { full_name: fork } } } }));
  writeFileSync(summary, '');
  const done = await action({
    inputs: { files: 'out/*.wasm', build: 'bash build.sh', unstripped: '.named.wasm', budgets: 'budgets.json', title: "A 'title' $(exit 9)", ...inputs },
    names: { 'github.event.pull_request.base.sha': first, 'github.event_name': 'pull_request', 'github.token': 'token' },
    env: { GITHUB_API_URL: api, GITHUB_REPOSITORY: 'owner/project', GITHUB_EVENT_PATH: event, GITHUB_STEP_SUMMARY: summary },
  });
  return { ...done, summary: readFileSync(summary, 'utf8') };
}

await runTests({
  async 'the second commit grows, within its budget'() {
    git('checkout', '-q', second);
    const { status, printed } = await ci('--base', 'main', '--budgets', 'budgets.json');
    equal(status, 0, printed);
    match(printed, /out\/app\.wasm +\d+ +\d+ +\+\d+ +\+\d+\.\d %/);
    match(printed, /digits +0 +\d+ +\+\d+ +new/);
    match(printed, /within the budgets/);
    const comparison = JSON.parse(result('size.json'));
    deepEqual(comparison.entries.map(({ name, state }) => [name, state]), [['out/app.wasm', 'changed']]);
    deepEqual(comparison.entries[0].lists, { exports: ['+digits'] });
    match(result('size.md'), /^## Size\n[^]*\| digits \| 0 \|[^]*- within the budgets/);
    match(result('size.html'), /<title>Size<\/title>/);
    ok(JSON.parse(result('size.benchmark.json')).some(({ name }) => name === 'out/app.wasm: allocator'));
    deepEqual(git('worktree', 'list').trim().split('\n').length, 1, 'the checkout of the base is gone');
  },
  async 'the third breaks its budget'() {
    git('checkout', '-q', third);
    const { status, printed } = await ci('--base', 'main', '--budgets', 'budgets.json');
    equal(status, 1, printed);
    match(printed, /out\/app\.wasm: total is [\d,]+ bytes, [\d,]+ over its budget of 400 bytes; grew: .*too_much \+\d+/);
    match(printed, /over its budget of 200 bytes of growth over \d+/);
    match(result('size.md'), /over its budget/);
  },
  async 'without a base there is a report'() {
    const { status, printed } = await ci();
    equal(status, 0, printed);
    match(printed, /malloc +code +\d+ +allocator/);
  },
  async 'a base that cannot be built is no reason to fail; its budgets are'() {
    git('checkout', '-q', second);
    const broken = ['--build', 'git merge-base --is-ancestor HEAD main && exit 3; bash build.sh', '--base', 'main'];
    const { status, printed } = await ci(...broken);
    equal(status, 0, printed);
    match(printed, /the build fails[^]*nothing to compare with/);
    equal((await ci(...broken, '--budgets', 'budgets.json')).status, 2);
  },
  async 'what cannot be built or found ends with 2'() {
    for (const [args, words] of [
      [['--build', 'exit 4'], /the build fails: exit 4/], [['--files', 'none/*.wasm'], /no file fits none/], [['--base', 'nowhere'], /no commit nowhere/],
      [['--colour', 'red'], /unknown option --colour/], [['--files'], /--files needs a value/],
    ]) {
      const { status, printed } = await ci(...args);
      equal(status, args[0] === '--base' ? 0 : 2, printed);
      match(printed, words);
    }
  },
  async 'the action comments on a pull request, once'() {
    git('checkout', '-q', second);
    const comments = Array.from({ length: 120 }, (_, i) => ({ id: i + 1, body: 'a remark' }));
    await withComments(comments, true, async (api) => {
      const { printed, status, summary } = await pullRequest(api);
      equal(status, 0, JSON.stringify(printed));
      match(printed.Comment, /wrote the comment/);
      match(summary, /\| digits \| 0 \|/);
      equal(comments.length, 121);
      match(comments[120].body, /^<!-- size report: .* -->\n## A 'title' \$\(exit 9\)\n[^]*\| digits \|/);
      match((await pullRequest(api)).printed.Comment, /updated the comment/);
      equal(comments.length, 121);
    });
  },
  async 'an exceeded budget fails the job and still comments'() {
    git('checkout', '-q', third);
    const comments = [];
    await withComments(comments, true, async (api) => {
      const { printed, status } = await pullRequest(api);
      equal(status, 1, JSON.stringify(printed));
      match(comments[0].body, /over its budget of 400 bytes/);
    });
  },
  async 'a fork and a token without rights get the summary of the job'() {
    git('checkout', '-q', second);
    const comments = [];
    await withComments(comments, true, async (api) => {
      const { printed, status, summary } = await pullRequest(api, { fork: 'stranger/project' });
      equal(status, 0);
      match(printed.Comment, /from a fork/);
      match(summary, /\| digits \|/);
    });
    await withComments(comments, false, async (api) => match((await pullRequest(api)).printed.Comment, /the token may not comment/));
    equal(comments.length, 0);
    equal('Comment' in (await pullRequest('http://127.0.0.1:9', { inputs: { comment: 'false' } })).printed, false);
  },
  async 'a comment is never longer than GitHub takes'() {
    const path = join(folder, 'long.md');
    const comments = [];
    const write = async (text, api) => {
      writeFileSync(path, text);
      const env = { GITHUB_API_URL: api, GITHUB_REPOSITORY: 'owner/project', GITHUB_EVENT_PATH: join(folder, 'event.json'), SIZE_TOKEN: 'token' };
      writeFileSync(env.GITHUB_EVENT_PATH, JSON.stringify({ pull_request: { number: 7, head: { repo: { full_name: 'owner/project' } } } }));
      equal((await run(process.execPath, [join(root, 'comment.mjs'), path, 'long'], env)).status, 0);
      return comments[0].body;
    };
    await withComments(comments, true, async (api) => {
      const folded = await write(`## Table\n<details>${'x'.repeat(70000)}</details>\n`, api);
      match(folded, /## Table\n+\nThe details are in the summary/);
      const cut = await write('y'.repeat(70000), api);
      ok(cut.length <= 65536 && /Cut off/.test(cut), String(cut.length));
    });
  },
});
