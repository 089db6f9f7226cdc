/** Rules of stored profiles: which of them a request meets. */
import ipaddr from 'ipaddr.js';
import type { Profile } from './profile.ts';
import type { RuleSubject } from './profiles.ts';

export interface ProfileRules {
  /** The best match: priority, then name. All keys given must match, any value of each. */
  match(subject: RuleSubject): Profile | undefined;
  readonly hasAddressRules: boolean;
}

interface Rule {
  readonly profile: Profile;
  readonly fits: (subject: RuleSubject) => boolean;
}

export function makeRules(profiles: readonly Profile[]): ProfileRules {
  const rules = profiles
    .filter(
      ({ match }) =>
        match !== undefined && Object.values(match).some((values) => values !== undefined && values.length > 0),
    )
    .sort((a, b) => (b.priority ?? 0) - (a.priority ?? 0) || (a.name < b.name ? -1 : 1))
    .map(toRule);
  return {
    match: (subject) => rules.find((rule) => rule.fits(subject))?.profile,
    hasAddressRules: rules.some(({ profile }) => (profile.match?.address?.length ?? 0) > 0),
  };
}

function toRule(profile: Profile): Rule {
  const { userAgent = [], address = [], class: classes = [] } = profile.match ?? {};
  const words = userAgent.map((word) => word.toLowerCase());
  const ranges = address.map(toRange);
  return {
    profile,
    fits(subject) {
      if (words.length > 0 && !words.some((word) => subject.userAgent.toLowerCase().includes(word))) return false;
      if (ranges.length > 0 && !ranges.some((range) => range(subject.address))) return false;
      return classes.length === 0 || classes.includes(subject.class);
    },
  };
}

function toRange(text: string): (address: string) => boolean {
  const [network, bits] = readRange(text);
  return (address) => {
    if (!ipaddr.isValid(address)) return false;
    const each = ipaddr.process(address);
    return each.kind() === network.kind() && each.match(network as never, bits);
  };
}

// An IPv4 address written as IPv6 is that IPv4 address, in rules as in requests.
function readRange(text: string): [ipaddr.IPv4 | ipaddr.IPv6, number] {
  const [network, bits] = text.includes('/')
    ? ipaddr.parseCIDR(text)
    : [ipaddr.parse(text), ipaddr.parse(text).kind() === 'ipv4' ? 32 : 128];
  return network instanceof ipaddr.IPv6 && network.isIPv4MappedAddress() && bits >= 96
    ? [network.toIPv4Address(), bits - 96]
    : [network, bits];
}
