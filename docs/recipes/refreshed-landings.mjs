// An updater: every ten seconds it asks a service for numbers and registers them as the next edition of the data set
// `landings.csv`, whether or not anybody reads it. Put it into PLUGINS_DIR.
const SOURCE = '/-/services/sql-data/query.csv?sql=SELECT+month,tonnes+FROM+landings_by_month';

export default {
  contract: 1,
  kind: 'updater',
  name: 'refreshed-landings',
  version: '1.0.0',
  every: '10s',
  async update(env) {
    const response = await env.fetch(SOURCE);
    if (!response.ok) throw new Error(`the source answered ${response.status}`);
    const bytes = new Uint8Array(await response.arrayBuffer());
    // Numbers that are the same need no edition of their own.
    const held = env.data.names().includes('landings.csv') ? env.data.bytes('landings.csv') : undefined;
    if (held !== undefined && Buffer.compare(held, bytes) === 0) return;
    const { edition } = await env.data.put('landings.csv', bytes);
    env.log('landings registered', { edition, bytes: bytes.length });
  },
};
