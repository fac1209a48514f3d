// The API of the running program against its own OpenAPI document. Needs DIALTONE_ST, the schemathesis command that tests/run
// puts into a virtual environment.

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { after, before, test } from 'node:test';

const here = dirname(fileURLToPath(import.meta.url)), root = join(here, '..', '..');
const binary = process.env.DIALTONE_PHONES
  ?? [join(root, 'target', 'debug', 'phones'), join(root, 'target', 'release', 'phones')].find(existsSync);
const schemathesis = process.env.DIALTONE_ST ?? join(root, 'target', 'venv-api', 'bin', 'st');
let child, facts, keys;

before(async () => {
  child = spawn(binary, { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => JSON.parse((await lines.next()).value);
  facts = await next();
  child.stdin.write('keys\n');
  keys = await next();
});
after(() => child?.stdin.end());

const bearer = key => ({ headers: { authorization: `Bearer ${key}` } });

test('a key reaches what it may and nothing else', async () => {
  const status = async (path, key, init = {}) =>
    (await fetch(facts.http + path, { ...init, headers: { 'content-type': 'application/json', ...(key ? bearer(key).headers : {}) } })).status;
  assert.equal(await status('/api/v1/users', null), 401);
  assert.equal(await status('/api/v1/users', 'dt_nonsense'), 401);
  assert.equal(await status('/api/v1/users', keys.read), 200);
  const create = { method: 'POST', body: JSON.stringify({ first_name: 'By a program' }) };
  assert.equal(await status('/api/v1/users', keys.read, create), 403);
  assert.equal(await status('/api/v1/users', keys.all, create), 201);
  assert.equal(await status('/admin', keys.all, { redirect: 'manual' }), 303, 'keys open no pages');
});

test('what the program does is what its OpenAPI document says', { timeout: 900_000 }, () => {
  mkdirSync(join(root, 'test-results'), { recursive: true });
  const done = spawnSync(schemathesis, [
    '--config-file', join(here, 'schemathesis.toml'), 'run', `${facts.http}/api/v1/openapi.json`,
    '--header', `Authorization: Bearer ${keys.all}`, '--phases', process.env.DIALTONE_API_PHASES ?? 'examples,coverage,fuzzing',
    '--max-examples', process.env.DIALTONE_API_EXAMPLES ?? '15', '--seed', '7', '--continue-on-failure', '--no-color', '--workers', '1',
    '--suppress-health-check', 'all',
  ], { encoding: 'utf8', maxBuffer: 1 << 28, cwd: join(root, 'test-results') });
  const said = `${done.stdout}\n${done.stderr}`;
  writeFileSync(join(root, 'test-results', 'schemathesis.txt'), said);
  assert.equal(done.status, 0, said.slice(-6000));
});
