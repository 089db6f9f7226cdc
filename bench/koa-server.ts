/** The program of bare Koa: answers with what it reads from standard input, and nothing else. Prints its address, is ended by its parent. */
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import Koa from 'koa';

const body = await buffer(process.stdin);
const app = new Koa();
app.use((context) => {
  context.type = 'text/html; charset=utf-8';
  context.body = body;
});
const server = app.listen(0, '127.0.0.1', () => {
  process.stdout.write(`http://127.0.0.1:${(server.address() as AddressInfo).port}\n`);
});
