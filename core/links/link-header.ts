/** The Link field (RFC 8288 3). */
import { type LinkMap, toClient } from './address-map.ts';

/** One link: the target as written, and its parameters in order; a parameter without a value has `''`. */
export interface LinkValue {
  readonly target: string;
  readonly parameters: readonly (readonly [name: string, value: string])[];
}

const TARGET = /[\t ,]*<([^>]*)>/y;
const PARAMETER =
  /[\t ]*;[\t ]*(?:([!#$%&'*+\-.^_`|~0-9A-Za-z]+)[\t ]*(?:=[\t ]*(?:"((?:[^"\\]|\\.)*)"|([^",; \t]*)))?)?/y;

/** Reads a Link field. Reading stops at what is no link. Linear. */
export function parseLinkField(value: string): LinkValue[] {
  const links: LinkValue[] = [];
  TARGET.lastIndex = 0;
  for (let target = TARGET.exec(value); target !== null; target = TARGET.exec(value)) {
    const parameters: [string, string][] = [];
    PARAMETER.lastIndex = TARGET.lastIndex;
    let end = TARGET.lastIndex;
    for (let part = PARAMETER.exec(value); part !== null; part = PARAMETER.exec(value)) {
      end = PARAMETER.lastIndex;
      if (part[1] !== undefined)
        parameters.push([part[1].toLowerCase(), part[2]?.replace(/\\(.)/g, '$1') ?? part[3] ?? '']);
    }
    links.push({ target: target[1]!.trim(), parameters });
    TARGET.lastIndex = end;
  }
  return links;
}

/** Writes a Link field. Values are quoted; a target cannot end its own brackets. */
export function formatLinkField(links: readonly LinkValue[]): string {
  return links
    .map(({ target, parameters }) => {
      const safe = target.replace(/[<>"\s]/g, (char) => encodeURIComponent(char));
      return [
        `<${safe}>`,
        ...parameters.map(([name, value]) => (value === '' ? name : `${name}="${value.replace(/["\\]/g, '\\$&')}"`)),
      ].join('; ');
    })
    .join(', ');
}

/** A Link field as the client is given it; links that must not be given out are left out. `undefined` when none is left. */
export function rewriteLinkField(value: string, map: LinkMap, base: string): string | undefined {
  const links: LinkValue[] = [];
  for (const link of parseLinkField(value)) {
    const anchor = link.parameters.find(([name]) => name === 'anchor')?.[1];
    const context = anchor === undefined ? base : (URL.parse(anchor, base)?.href ?? base);
    const target = toClient(map, link.target, context);
    if (target === undefined) continue;
    const parameters = link.parameters.map(([name, each]): [string, string] =>
      name === 'anchor' ? [name, toClient(map, each, base) ?? ''] : [name, each],
    );
    links.push({ target, parameters });
  }
  return links.length === 0 ? undefined : formatLinkField(links);
}
