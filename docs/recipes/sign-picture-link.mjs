#!/usr/bin/env node
// Makes a signed link to a picture in the size and colours wanted: the gateway serves it whatever its host (LINK_KEYS=k1:secret).
//   node docs/recipes/sign-picture-link.mjs k1:secret http://pictures.example/a.jpg 'w=240&bw=1' [seconds it is valid]
import { createHmac } from 'node:crypto';

const [key, url, wishes = 'w=480', seconds = '3600'] = process.argv.slice(2);
if (url === undefined) {
  console.error("usage: sign-picture-link.mjs KID:SECRET URL ['w=240&bw=1'] [SECONDS]");
  process.exit(2);
}
const [kid, secret] = key.split(/:(.*)/s);
const exp = Math.floor(Date.now() / 1000) + Number(seconds);
const parameters = [`url=${encodeURIComponent(url)}`, ...wishes.split('&'), `exp=${exp}`, `kid=${kid}`];
const message = `/-/image?${parameters.toSorted().join('&')}`;
const sig = createHmac('sha256', secret).update(message).digest('base64url');
console.log(`/-/image?${parameters.join('&')}&sig=${sig}`);
