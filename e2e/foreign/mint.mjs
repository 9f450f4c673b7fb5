// Makes keys and tokens with jose and with jsonwebtoken, as a customer's backend does. Argument: the claims, as JSON. Prints
// JSON: a list of keys, each with tokens.

import { exportSPKI, generateKeyPair, SignJWT } from 'jose';
import { generateKeyPairSync } from 'node:crypto';
import jsonwebtoken from 'jsonwebtoken';

const claims = JSON.parse(process.argv[2]);
const made = [];

async function jose(algorithm, key, input) {
  const kid = `jose-${algorithm}`;
  const sign = (header) => new SignJWT(claims).setProtectedHeader({ alg: algorithm, ...header }).sign(key);
  made.push({ input: { ...input, kid }, named: await sign({ kid, typ: 'JWT' }), unnamed: await sign({}) });
}

for (const algorithm of ['EdDSA', 'ES256', 'RS256']) {
  const { publicKey, privateKey } = await generateKeyPair(algorithm, { extractable: true });
  await jose(algorithm, privateKey, { publicKeyPem: await exportSPKI(publicKey) });
}
const shared = 'a secret that jose shares with us, 32 bytes or more';
await jose('HS256', new TextEncoder().encode(shared), { hs256Secret: shared });

function jsonWebToken(algorithm, key, input) {
  const kid = `jsonwebtoken-${algorithm}`;
  const sign = (header) => jsonwebtoken.sign(claims, key, { algorithm, header });
  made.push({ input: { ...input, kid }, named: sign({ kid }), unnamed: sign({}) });
}

const spki = { type: 'spki', format: 'pem' };
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
jsonWebToken('RS256', rsa.privateKey, { publicKeyPem: rsa.publicKey.export(spki) });
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
jsonWebToken('ES256', ec.privateKey, { publicKeyPem: ec.publicKey.export(spki) });
const secret = 'a secret that jsonwebtoken shares with us, 32 bytes';
jsonWebToken('HS256', secret, { hs256Secret: secret });

console.log(JSON.stringify(made));
