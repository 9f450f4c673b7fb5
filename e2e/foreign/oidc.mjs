// An identity provider (npm oidc-provider) on a free port of this machine, for one client.
//
// Arguments: the client's redirect address and its secret. The first line of standard output is the issuer. Whoever the
// request's `login_hint` names is signed in without being asked; else its page asks who one is. All agree to everything.

import { generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import Provider from 'oidc-provider';

const [redirect, secret] = process.argv.slice(2);

const PEOPLE = {
  nora: { email: 'nora@northwind.example', email_verified: true, name: 'Nora New', groups: ['staff'] },
  vera: { email: 'vera@northwind.example', email_verified: true, name: 'Vera Video', groups: ['staff', 'video'] },
  carl: { email: 'carl@northwind.example', email_verified: true, name: 'Carl Chief', groups: ['chiefs'] },
  otto: { email: 'otto@northwind.example', email_verified: true, name: 'Otto Other', groups: ['cleaning'] },
  uwe: { email: 'uwe@northwind.example', email_verified: false, name: 'Uwe Unproven', groups: ['staff'] },
  eve: { email: 'eve@elsewhere.example', email_verified: true, name: 'Eve Elsewhere', groups: ['chiefs'] },
  sol: { email: 'admin@southgate.example', email_verified: true, name: 'Sol Admin', groups: ['chiefs'] },
};

const server = createServer();
await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
const issuer = `http://127.0.0.1:${server.address().port}`;
const key = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' });

const provider = new Provider(issuer, {
  clients: [
    {
      client_id: 'portcullis',
      client_secret: secret,
      redirect_uris: [redirect],
      grant_types: ['authorization_code'],
      response_types: ['code'],
      token_endpoint_auth_method: 'client_secret_basic',
    },
  ],
  jwks: { keys: [{ ...key, kid: 'one', use: 'sig', alg: 'RS256' }] },
  claims: { openid: ['sub', 'groups'], email: ['email', 'email_verified'], profile: ['name'] },
  pkce: { required: () => true },
  cookies: { keys: ['only-for-tests'] },
  features: { devInteractions: { enabled: false } },
  interactions: { url: (_context, interaction) => `/interaction/${interaction.uid}` },
  findAccount: (_context, id) =>
    PEOPLE[id] && { accountId: id, claims: async () => ({ sub: id, ...PEOPLE[id] }) },
});

const choice = (uid) =>
  Object.entries(PEOPLE).map(([id, { name }]) => `<p><a href="/interaction/${uid}?person=${id}">${name}</a></p>`);

const answer = provider.callback();
server.on('request', async (request, response) => {
  if (!request.url.startsWith('/interaction/')) {
    return answer(request, response);
  }
  const { uid, prompt, params, session } = await provider.interactionDetails(request, response);
  if (prompt.name === 'login') {
    const accountId = params.login_hint ?? new URL(request.url, issuer).searchParams.get('person');
    if (!accountId) {
      response.setHeader('content-type', 'text/html; charset=utf-8');
      return response.end(`<!doctype html><html lang="en"><title>Who are you?</title>${choice(uid).join('')}</html>`);
    }
    return provider.interactionFinished(request, response, { login: { accountId } });
  }
  const grant = new provider.Grant({ accountId: session.accountId, clientId: params.client_id });
  grant.addOIDCScope(params.scope);
  return provider.interactionFinished(request, response, { consent: { grantId: await grant.save() } });
});

console.log(issuer);
