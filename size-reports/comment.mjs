#!/usr/bin/env node
// Puts a Markdown file under a pull request as one comment, which the next run
// replaces. For the action; what it needs stands in the environment of a job.
//
//   node comment.mjs FILE.md TITLE
//
// Where commenting is not allowed, which is the rule for pull requests from forks,
// it says so and ends well: the job summary has the same text.
import { readFileSync } from 'node:fs';

// GitHub refuses longer comments; the folded details go first.
const lengthMax = 65536;
const forbidden = [401, 403, 404];

function fitting(text) {
  if (text.length <= lengthMax) return text;
  const short = `${text.replace(/<details>[^]*?<\/details>\n*/g, '')}\nThe details are in the summary of the job.\n`;
  return short.length <= lengthMax ? short : `${short.slice(0, lengthMax - 60)}\n\nCut off: the summary of the job has it all.\n`;
}

async function call(path, token, method = 'GET', body = undefined) {
  const response = await fetch(`${process.env.GITHUB_API_URL}/repos/${process.env.GITHUB_REPOSITORY}/${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, accept: 'application/vnd.github+json' },
    body: body && JSON.stringify(body),
    signal: AbortSignal.timeout(30_000),
  });
  if (forbidden.includes(response.status)) return null;
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${(await response.text()).slice(0, 200)}`);
  return response.json();
}

async function ownComment(number, mark, token) {
  for (let page = 1; ; ++page) {
    const comments = await call(`issues/${number}/comments?per_page=100&page=${page}`, token);
    const found = comments?.find(({ body }) => body.startsWith(mark));
    if (found || !comments || comments.length < 100) return found;
  }
}

async function main([path, title]) {
  const event = JSON.parse(readFileSync(process.env.GITHUB_EVENT_PATH, 'utf8'));
  const { number, head } = event.pull_request;
  if (head.repo?.full_name !== process.env.GITHUB_REPOSITORY) {
    console.log('size: a pull request from a fork cannot be commented on; see the summary of the job');
    return;
  }
  const token = process.env.SIZE_TOKEN;
  const mark = `<!-- size report: ${title.replaceAll('>', '')} -->`;
  const body = fitting(`${mark}\n${readFileSync(path, 'utf8')}`);
  const known = await ownComment(number, mark, token);
  const done = known
    ? await call(`issues/comments/${known.id}`, token, 'PATCH', { body })
    : await call(`issues/${number}/comments`, token, 'POST', { body });
  console.log(done ? `size: ${known ? 'updated' : 'wrote'} the comment` : 'size: the token may not comment; see the summary of the job');
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  console.error(`size: the comment could not be written: ${error.message}`);
  process.exitCode = 1;
}
