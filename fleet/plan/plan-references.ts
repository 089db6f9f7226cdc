/** What the parts of a plan say of each other: names that are not there, things that stand there twice. */
import type { PlanFault } from './plan-error.ts';

type Fields = Readonly<Record<string, unknown>>;

const NOTHING: Fields = {};

function toFields(value: unknown): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : NOTHING;
}

function toList(value: unknown): readonly Fields[] {
  return Array.isArray(value) ? value.map(toFields) : [];
}

function toNames(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((each) => typeof each === 'string') : [];
}

/** What the checks stand on. */
interface Known {
  readonly plan: Fields;
  readonly sets: ReadonlySet<string>;
  /** `undefined` where the plan does not say who the members are. */
  readonly servers: ReadonlySet<string> | undefined;
  readonly tell: (path: readonly (string | number)[], message: string) => void;
}

/**
 * Looks at a plan whose shape may be wrong, so that these faults are told together with those of the shape; what has the
 * wrong type is passed over here.
 */
export function findReferenceFaults(json: unknown): PlanFault[] {
  const faults: PlanFault[] = [];
  const plan = toFields(json);
  const known: Known = {
    plan,
    sets: new Set(Object.keys(toFields(plan['functionSets']))),
    servers: plan['servers'] === undefined ? undefined : new Set(Object.keys(toFields(plan['servers']))),
    tell: (path, message) => faults.push({ path: path.join('.'), message }),
  };
  checkPlacement(known);
  checkRoutes(known);
  checkAuthority(known);
  checkServers(known);
  return faults;
}

function checkSet({ sets, tell }: Known, path: readonly (string | number)[], name: unknown): void {
  if (typeof name === 'string' && !sets.has(name)) tell(path, `there is no function set \`${name}\``);
}

function checkServer({ servers, tell }: Known, path: readonly (string | number)[], name: unknown): void {
  if (typeof name === 'string' && servers?.has(name) === false) tell(path, `\`${name}\` is not among the servers`);
}

function checkPlacement(known: Known): void {
  for (const [name, raw] of Object.entries(toFields(known.plan['placement']))) {
    checkSet(known, ['placement', name], name);
    const { servers, affinity } = toFields(raw);
    for (const [at, server] of toNames(servers).entries())
      checkServer(known, ['placement', name, 'servers', at], server);
    for (const [at, other] of toNames(affinity).entries()) {
      checkSet(known, ['placement', name, 'affinity', at], other);
      if (other === name) known.tell(['placement', name, 'affinity', at], 'a set is always beside itself');
    }
  }
}

// Routes and sites share one table, in which every path has one answer.
function checkRoutes(known: Known): void {
  const seen = new Map<string, string>();
  const claim = (host: unknown, match: string, path: readonly (string | number)[]) => {
    const where = JSON.stringify([typeof host === 'string' ? host.toLowerCase().replace(/\.$/, '') : null, match]);
    const first = seen.get(where);
    if (first === undefined) seen.set(where, path.join('.'));
    else known.tell(path, `leads from the same place as ${first}`);
  };
  for (const [at, site] of toList(known.plan['sites']).entries()) {
    checkSet(known, ['sites', at, 'content', 'set'], toFields(site['content'])['set']);
    if (typeof site['host'] === 'string') claim(site['host'], '/*', ['sites', at]);
    for (const [match, to] of Object.entries(toFields(site['functions']))) {
      checkSet(known, ['sites', at, 'functions', match, 'set'], toFields(to)['set']);
      claim(site['host'], match, ['sites', at, 'functions', match]);
    }
  }
  for (const [at, { match, host, strip, set }] of toList(known.plan['routes']).entries()) {
    checkSet(known, ['routes', at, 'set'], set);
    if (typeof match !== 'string') continue;
    claim(host, match, ['routes', at]);
    const start = match.replace(/\*$/, '');
    if (typeof strip === 'string' && !start.startsWith(strip) && !(match.endsWith('*') && strip.startsWith(start)))
      known.tell(['routes', at, 'strip'], `no path of \`${match}\` begins with \`${strip}\``);
  }
}

function checkAuthority(known: Known): void {
  for (const [name, server] of Object.entries(toFields(known.plan['authority']))) {
    if (name !== 'profiles') checkSet(known, ['authority', name], name);
    checkServer(known, ['authority', name], server);
  }
}

function checkServers({ plan, tell }: Known): void {
  const seen = new Map<string, string>();
  for (const [name, raw] of Object.entries(toFields(plan['servers'])))
    for (const part of ['url', 'key']) {
      const value = toFields(raw)[part];
      if (typeof value !== 'string') continue;
      const first = seen.get(value);
      if (first === undefined) seen.set(value, name);
      else tell(['servers', name, part], `is that of \`${first}\` too`);
    }
}
