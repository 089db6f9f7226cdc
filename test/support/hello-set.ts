/** A small set that tells a data set of its own, and a plan of it. */
import type { BuiltBundle } from '../../fleet/bundle/build-bundle.ts';
import { serviceText } from './components.ts';
import type { Node, PlanJson, TestFleet } from './fleet.ts';

const HELLO = serviceText(
  'hello',
  'return new Response("hello " + new TextDecoder().decode(await env.data.bytes("words")), { headers: { "content-type": "text/plain" } });',
);

/** Builds it, and pushes it to a server. */
export async function buildHello(fleet: TestFleet, node: Node): Promise<BuiltBundle> {
  const built = await fleet.build({ 'index.ts': HELLO, 'data/words': 'words' });
  await fleet.push(node, built);
  return built;
}

/** The set on these servers, below `/hello/`. */
export function helloPlan(built: BuiltBundle, servers: readonly string[]): PlanJson {
  const data = Object.fromEntries([...built.data].map(([name, { digest }]) => [name, digest]));
  return {
    functionSets: { hello: { bundles: [built.digest], data } },
    placement: { hello: { replicas: servers.length, servers } },
    routes: [{ match: '/hello/*', strip: '/hello', set: 'hello' }],
  };
}

/** Whether clients of a server are served it. */
export async function isServed(node: Node): Promise<boolean> {
  const { status, text } = await node.get('/hello/x').catch(() => ({ status: 0, text: '' }));
  return status === 200 && text === 'hello words';
}
