// The API of the running program against its own OpenAPI document. Needs DIALTONE_ST, the schemathesis command that tests/run
// puts into a virtual environment.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { after, before, test } from 'node:test';

const here = dirname(fileURLToPath(import.meta.url)), root = join(here, '..', '..');
const binary = process.env.DIALTONE_PHONES
  ?? [join(root, 'target', 'debug', 'phones'), join(root, 'target', 'release', 'phones')].find(existsSync);
const schemathesis = process.env.DIALTONE_ST ?? join(root, 'target', 'venv-api', 'bin', 'st');
let child, facts, keys, command;

before(async () => {
  child = spawn(binary, { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => JSON.parse((await lines.next()).value);
  facts = await next();
  command = line => {
    child.stdin.write(`${line}\n`);
    return next();
  };
  keys = await command('keys');
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

test('a key sees in its document what it may do, and a refused method names the others', async () => {
  const ask = (path, key, init = {}) => fetch(facts.http + path, { ...init, headers: { 'content-type': 'application/json', ...bearer(key).headers } });
  const paths = async key => (await (await ask('/api/v1/openapi.json', key)).json()).paths;
  const [all, read] = [await paths(keys.all), await paths(keys.read)];
  assert.deepEqual(Object.keys(all['/api/v1/users']).sort(), ['get', 'post', 'x-table']);
  assert.deepEqual(Object.keys(read['/api/v1/users']).sort(), ['get', 'x-table']);
  assert.deepEqual(Object.keys(all['/api/v1/api_keys']).sort(), ['get', 'x-table'], 'keys make no keys');
  assert.equal((await ask('/api/v1/api_keys', keys.all, { method: 'POST', body: '{"name":"Second"}' })).status, 403);
  for (const path of ['/api/v1/audit', '/api/v1/history/{revision}/restore', '/api/v1/trials', '/api/v1/configuration', '/api/v1/calls', '/api/v1/live/calls/{id}', '/api/v1/live/events', '/api/v1/mail']) assert.ok(all[path], path);
  assert.ok(!read['/api/v1/history/{revision}/restore'], 'restoring is for keys that change the system');
  for (const [method, path, key, allow] of [
    ['PATCH', '/api/v1/users', keys.all, 'GET, HEAD, POST'], ['PUT', '/api/v1/users', keys.read, 'GET, HEAD'],
    ['POST', '/api/v1/settings', keys.all, 'GET, HEAD, PATCH'], ['PUT', '/api/v1/users/bulk', keys.all, 'POST'],
    ['POST', '/api/v1/users/1', keys.all, 'GET, HEAD, PATCH, PUT, DELETE'], ['POST', '/api/v1/calls', keys.all, 'GET,HEAD'],
  ]) {
    const answer = await ask(path, key, { method, body: '{}' });
    assert.equal(answer.status, 405, `${method} ${path}`);
    assert.equal(answer.headers.get('allow'), allow, `${method} ${path}`);
  }
});

test('the history goes back, and what is on trial comes back, by the API alone', async () => {
  const ask = async (method, path, body) => {
    const answer = await fetch(`${facts.http}/api/v1/${path}`, { method, body: body && JSON.stringify(body), headers: { 'content-type': 'application/json', ...bearer(keys.all).headers } });
    return { status: answer.status, ...(answer.headers.get('content-type')?.includes('json') ? await answer.json() : {}) };
  };
  const { newest } = await ask('GET', 'history');
  const made = await ask('POST', 'sites', { name: 'Elsewhere', country: 'DE', time_zone: 'Europe/Berlin' });
  assert.equal(made.status, 201);
  const compared = await ask('GET', `history/compare?from=${newest}`);
  assert.ok(compared.rows.some(row => row.table === 'sites' && row.title === 'Elsewhere' && row.action === 'create'));
  const plan = await ask('POST', `history/${newest}/restore`, { dry_run: true });
  assert.equal(plan.status, 200);
  assert.ok(plan.rows.some(row => row.title === 'Elsewhere' && row.action === 'delete'));
  assert.equal((await ask('GET', `sites/${made.id}`)).status, 200, 'a dry run writes nothing');
  assert.equal((await ask('POST', `history/${newest}/restore`, { minutes: -1 })).status, 400);
  assert.equal((await ask('POST', 'history/999999/restore', {})).status, 404);
  const trial = await ask('POST', 'trials', { minutes: 5 });
  assert.equal(trial.status, 201);
  assert.equal((await ask('POST', 'trials', {})).status, 409);
  const renamed = await ask('PATCH', `sites/${made.id}`, { name: 'Nowhere' });
  assert.equal(renamed.name, 'Nowhere');
  assert.equal((await ask('DELETE', `trials/${trial.id}`)).status, 200);
  assert.equal((await ask('GET', `sites/${made.id}`)).name, 'Elsewhere');
  assert.equal((await ask('POST', `trials/${trial.id}/confirm`)).status, 404);
  await ask('PATCH', `sites/${made.id}`, { name: 'Elsewhere entirely' });
  const { items } = await ask('GET', 'audit?table=sites&action=create');
  assert.equal((await ask('POST', `audit/${items.find(entry => entry.title === 'Elsewhere').id}/undo`)).status, 409, 'changed since');
  assert.equal((await ask('POST', `history/${newest}/restore`, {})).status, 200);
  assert.equal((await ask('GET', `sites/${made.id}`)).status, 404);
});

test('a program follows calls, phones and the configuration', { timeout: 60_000 }, async () => {
  const leave = new AbortController();
  const answer = await fetch(`${facts.http}/api/v1/live/events`, { ...bearer(keys.read), signal: leave.signal });
  assert.equal(answer.headers.get('content-type'), 'text/event-stream');
  const told = [];
  const until = async wanted => {
    for (;;) {
      const at = told.findIndex(wanted);
      if (at >= 0) return told.splice(0, at + 1).at(-1);
      const { value, done } = await chunks.next();
      if (done) throw new Error('the stream ended');
      text += Buffer.from(value).toString();
      for (let end; (end = text.indexOf('\n\n')) >= 0; text = text.slice(end + 2)) {
        const [, event, data] = text.slice(0, end).match(/^event: (\w+)\ndata: (.*)$/s) ?? [];
        told.push({ event, data: JSON.parse(data) });
      }
    }
  };
  let text = '';
  const chunks = answer.body[Symbol.asyncIterator]();
  await until(({ event, data }) => event === 'device' && data.registered && data.id === facts.devices[1]);
  assert.ok((await until(({ event }) => event === 'beat')).data);
  await command('call');
  const call = await until(({ event, data }) => event === 'call' && data.answered_at);
  assert.equal(call.data.dialled, facts.numbers[1]);
  const listed = await (await fetch(`${facts.http}/api/v1/live/calls`, bearer(keys.read))).json();
  assert.deepEqual(listed.items.map(one => one.id), [call.data.id]);
  const hangUp = key => fetch(`${facts.http}/api/v1/live/calls/${call.data.id}`, { method: 'DELETE', ...bearer(key) }).then(({ status }) => status);
  assert.equal(await hangUp(keys.read), 403);
  assert.equal(await hangUp(keys.all), 204);
  await until(({ event, data }) => event === 'call_ended' && data.id === call.data.id);
  await command('ended');
  const past = await (await fetch(`${facts.http}/api/v1/calls/${call.data.id}`, bearer(keys.read))).json();
  assert.equal(past.outcome, 'answered');
  await command('unregister');
  await until(({ event, data }) => event === 'device' && !data.registered && data.id === facts.devices[1]);
  const { id } = await (await fetch(`${facts.http}/api/v1/sites`, { method: 'POST', body: '{"name":"Third"}', headers: { 'content-type': 'application/json', ...bearer(keys.all).headers } })).json();
  assert.ok(id);
  await until(({ event }) => event === 'configuration');
  leave.abort();
});

// Two of it, each with a half of the addresses: one alone keeps one core busy for minutes.
test('what the program does is what its OpenAPI document says', { timeout: 900_000 }, async () => {
  const half = '^/api/v1/[a-i]';
  const found = await Promise.all([['include', half], ['exclude', half]].map(async ([which, addresses]) => {
    const folder = join(root, 'test-results', `api-${which}`);
    mkdirSync(folder, { recursive: true });
    const run = spawn(schemathesis, [
      '--config-file', join(here, 'schemathesis.toml'), 'run', `${facts.http}/api/v1/openapi.json`, `--${which}-path-regex`, addresses,
      '--header', `Authorization: Bearer ${keys.all}`, '--phases', process.env.DIALTONE_API_PHASES ?? 'examples,coverage,fuzzing',
      '--max-examples', process.env.DIALTONE_API_EXAMPLES ?? '4', '--seed', '7', '--continue-on-failure', '--no-color', '--workers', '1',
      '--suppress-health-check', 'all', '--warnings', 'off',
      // They take the whole configuration back, the keys with it, or never end; the tests above hold them to their word.
      '--exclude-operation-id', 'restore', '--exclude-operation-id', 'import', '--exclude-operation-id', 'begin_trial',
      '--exclude-operation-id', 'events',
    ], { cwd: folder });
    let said = '';
    for (const out of [run.stdout, run.stderr]) out.setEncoding('utf8').on('data', part => said += part);
    const [status] = await once(run, 'close');
    writeFileSync(join(folder, 'schemathesis.txt'), said);
    return { status, said: said.slice(Math.max(0, said.search(/^=+ (FAILURES|ERRORS) =+$/m))).slice(0, 20_000) };
  }));
  for (const { status, said } of found) assert.equal(status, 0, said);
});
