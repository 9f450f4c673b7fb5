// A client that others wrote (npm graphql-ws) subscribes, and prints what it hears: a line of JSON for each event.
//
// Arguments: the socket's address, the cookie, the subscription.

import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';

const [url, cookie, query] = process.argv.slice(2);

class SignedIn extends WebSocket {
  constructor(address, protocols) {
    super(address, protocols, { headers: { cookie } });
  }
}

const say = (event) => console.log(JSON.stringify(event));
const client = createClient({ url, webSocketImpl: SignedIn, retryAttempts: 0 });
client.subscribe(
  { query },
  {
    next: (result) => say(result),
    error: (error) => say({ error: String(error) }),
    complete: () => {
      say({ complete: true });
      client.dispose();
    },
  },
);
