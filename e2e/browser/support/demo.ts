// What `ready.json` tells about the platform that the tests share.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export type Role = 'nanoAdmin' | 'nanoUser' | 'nanoReadOnly';
/** What somebody signs in with. */
export type Account = { email: string; password: string };
export type User = { email: string; password: string; role: Role; organisation: string };
export type Stream = { name: string; ingestUrl: string; watchUrl: string };
export type Demo = {
  http: string;
  graphql: string;
  rtmp: string;
  dashboard: string;
  users: User[];
  operator: Account;
  streams: Stream[];
};

export function demo(): Demo {
  const data = process.env.PORTCULLIS_DATA;
  if (!data) throw new Error('the platform was not started');
  return JSON.parse(readFileSync(join(data, 'ready.json'), 'utf8'));
}

/** A user of the first organisation by role; the outsider is any user of another one. */
export function user(role: Role | 'outsider'): User {
  const { users } = demo();
  const first = users[0]?.organisation;
  const found = users.find((user) => (role === 'outsider' ? user.organisation !== first : user.role === role));
  if (!found) throw new Error(`the demo has no ${role}`);
  return found;
}

/** The first organisation's name. */
export const NORTHWIND = 'Northwind Live';

/** The second organisation's name. */
export const SOUTHGATE = 'Southgate Media';

/** The stream that the built-in test source feeds. */
export function testStream(): Stream {
  const [stream] = demo().streams;
  if (!stream) throw new Error('the demo has no stream');
  return stream;
}
