/** Whether a reply is what a case says. */

import type { Fields } from '../../core/fields.ts';
import type { FieldRule, Holds, Seen } from './case.ts';

/** What is wrong with a reply; nothing when all holds. `origin` is the body the origin sent last. */
export function judge(
  holds: Holds,
  seen: Seen,
  { before, origin }: { before: readonly Seen[]; origin: Buffer },
): string[] {
  const faults: string[] = [];
  if (holds.status !== undefined && ![holds.status].flat().includes(seen.status))
    faults.push(`status ${seen.status}, not ${holds.status}`);
  faults.push(...judgeFields(holds.fields ?? {}, seen.fields, ''));
  faults.push(...judgeBody(holds.body, seen.body, origin));
  if (holds.asked !== undefined && seen.upstream.length !== holds.asked)
    faults.push(`the origin was asked ${seen.upstream.length} times, not ${holds.asked}`);
  const last = seen.upstream.at(-1);
  if (holds.upstream !== undefined)
    faults.push(
      ...(last === undefined ? ['the origin was not asked'] : judgeFields(holds.upstream, last.fields, 'upstream ')),
    );
  const other = holds.check?.(seen, before);
  return other === undefined ? faults : [...faults, other];
}

function judgeFields(rules: Readonly<Record<string, FieldRule>>, fields: Fields, where: string): string[] {
  return Object.entries(rules).flatMap(([name, rule]) => {
    const value = fields.get(name);
    const is = `${where}${name} is ${value === undefined ? 'absent' : `\`${value}\``}`;
    if (rule === null) return value === undefined ? [] : [`${is}, must be absent`];
    if (typeof rule === 'string') return value === rule ? [] : [`${is}, not \`${rule}\``];
    if (rule instanceof RegExp) return value !== undefined && rule.test(value) ? [] : [`${is}, must match ${rule}`];
    return value === undefined || !rule.not.test(value) ? [] : [`${is}, must not match ${rule.not}`];
  });
}

function judgeBody(rule: Holds['body'], body: Buffer, origin: Buffer): string[] {
  if (rule === undefined) return [];
  if (rule === 'empty') return body.byteLength === 0 ? [] : ['the body is not empty'];
  if (rule === 'same') return body.equals(origin) ? [] : ['the body is not what the origin sent'];
  if (rule === 'changed') return body.equals(origin) ? ['the body was not changed'] : [];
  const text = body.toString('utf8');
  const start = JSON.stringify(text.slice(0, 120));
  if (rule instanceof RegExp) return rule.test(text) ? [] : [`the body does not match ${rule}: ${start}`];
  return rule.not.test(text) ? [`the body matches ${rule.not}: ${start}`] : [];
}
