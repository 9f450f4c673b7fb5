// Verifies a call as a receiver with the library of the specification (npm standardwebhooks) does, and prints what it says.
//
// Arguments: the secret, the headers as JSON, the body.

import { Webhook } from 'standardwebhooks';

const [secret, headers, body] = process.argv.slice(2);
console.log(JSON.stringify(new Webhook(secret).verify(body, JSON.parse(headers))));
