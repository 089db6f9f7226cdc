/** A process that holds a profile store, told what to do by lines on stdin; answers each with a line of JSON. */
import { createInterface } from 'node:readline';
import { systemClock } from '../../core/clock.ts';
import { GatewayError } from '../../core/errors.ts';
import { openClients } from '../../profiles/sqlite-clients.ts';
import { openProfiles } from '../../profiles/sqlite-profiles.ts';

const [folder = '.'] = process.argv.slice(2);
const profiles = openProfiles({ file: `${folder}/profiles.db`, clock: systemClock });
const clients = openClients({ file: `${folder}/clients.db`, clock: systemClock, key: 'key' });

const verbs: Readonly<Record<string, (name: string, rest: string) => unknown>> = {
  put: (name, title) => profiles.put({ name, title }).etag,
  get: (name) => profiles.get(name)?.profile.title ?? null,
  remove: (name) => profiles.remove(name),
  assign: (id, profile) => clients.assign(id, profile).profile,
  forget: (id) => clients.forget(id),
  // Writes without end, telling of each profile once it is stored.
  flood(prefix) {
    for (let count = 0; ; count += 1) {
      profiles.put({ name: `${prefix}-${count}`, title: 'x'.repeat(count % 900) || 'x' });
      process.stdout.write(`${prefix}-${count}\n`);
    }
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const [verb = '', name = '', rest = ''] = line.split(' ');
  let answer: unknown;
  try {
    answer = verbs[verb]!(name, rest) ?? null;
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    answer = { code: error.code, status: error.status };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
