// A service: gives the newest edition of the data set `landings.csv`, which `refreshed-landings.mjs` registers. Put both
// into PLUGINS_DIR and read `/-/services/latest-landings/`.
export default {
  contract: 1,
  kind: 'service',
  name: 'latest-landings',
  version: '1.0.0',
  handle(_request, env) {
    if (!env.data.names().includes('landings.csv')) return new Response('not yet\n', { status: 404 });
    const edition = env.data.edition('landings.csv');
    const headers = {
      'content-type': 'text/csv; charset=utf-8',
      etag: `"${edition}"`,
      'data-edition': String(edition),
    };
    return new Response(env.data.bytes('landings.csv'), { headers });
  },
};
