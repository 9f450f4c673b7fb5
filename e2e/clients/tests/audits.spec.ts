// Every audit of graphql-http (GraphQL over HTTP): none is broken, and each that is not kept has its reason here.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { auditServer } from 'graphql-http';
import { Platform } from '../support/platform.ts';

/** What is not kept, and why. Compared exactly: whatever is kept leaves the list. */
const NOT_KEPT: Record<string, string> = {
  '5A70': 'no GET: texts of queries would stand in logs, and any page can make a browser send one',
  D6D5: 'no GET: variables above all hold what no log should',
  '6A70': 'no GET: variables above all hold what no log should',
};

let platform: Platform;
before(async () => {
  platform = await Platform.start();
});
after(() => platform.stop());

test('no audit of graphql-http is broken, and what is not kept is explained', async () => {
  const results = await auditServer({ url: platform.ready.graphql });
  assert.equal(results.length, 61);
  const told = results
    .filter(({ status }) => status === 'error' || status === 'warn')
    .map(({ id, name, status }) => `${id} ${status}: ${name}`);
  assert.deepEqual(told, [], 'no MUST and no SHOULD is broken');
  const notKept = results.filter(({ status }) => status !== 'ok').map(({ id }) => id);
  assert.deepEqual(notKept.sort(), Object.keys(NOT_KEPT).sort());
});
