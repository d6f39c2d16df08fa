// A real OpenID Connect provider (the package `oidc-provider`, which is certified) for the browser's test, on loopback.
//
//     node tests/provider.mjs < SETTING.json
//
// SETTING is one line of JSON: `client_id`, `client_secret`, `address` of the console, `people` by name with their claims. One line on
// standard output is its address. It ends with its standard input.

import { createServer } from "node:http";
import { createInterface } from "node:readline";
import { Provider } from "oidc-provider";

const lines = createInterface({ input: process.stdin });
const setting = JSON.parse(await new Promise((line) => lines.once("line", line)));
lines.on("close", () => process.exit(0));
const server = createServer();
await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
const issuer = `http://127.0.0.1:${server.address().port}`;

const provider = new Provider(issuer, {
  clients: [{
    client_id: setting.client_id,
    client_secret: setting.client_secret,
    redirect_uris: [`${setting.address}/api/v1/provider/back`],
    post_logout_redirect_uris: [`${setting.address}/sign-in`],
  }],
  claims: { openid: ["sub"], profile: ["name", "groups"] },
  // Claims stand in the ID token, as the console reads them.
  conformIdTokenClaims: false,
  pkce: { required: () => true },
  cookies: { keys: ["of a test"] },
  features: { devInteractions: { enabled: true } },
  findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, ...setting.people[id] }) }),
});
server.on("request", provider.callback());
console.log(issuer);
