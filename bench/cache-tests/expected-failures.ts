/** Required tests of the registry's edition that fail here, and why that is right. The run tells others, and these where they pass. */

interface Expected {
  readonly reason: string;
  /** True where the test asks for what the standard of today forbids, or for what cannot be: no proper cache passes it. */
  readonly isOutdated?: true;
}

/** The edition is older than RFC 9111; newer ones ask for the contrary. */
const AGE: Expected = {
  reason: 'RFC 9111 5.1: of several Age values the first counts, and one that is no number is as if absent',
  isOutdated: true,
};

const BROKEN_OFF: Expected = {
  reason:
    'the origin ends the connection without an answer, and the test wants that answer’s fields: no cache can have them',
  isOutdated: true,
};

const COOKIE: Expected = { reason: 'what sets a cookie is one client’s, and is not kept for others (threat 29)' };

export const expectedFailures: Readonly<Record<string, Expected>> = {
  'age-parse-nonnumeric': AGE,
  'age-parse-negative': AGE,
  'age-parse-float': AGE,
  'age-parse-prefix-twoline': AGE,
  'age-parse-dup-0': AGE,
  'age-parse-dup-0-twoline': AGE,
  'age-parse-dup-old': AGE,
  'stale-close-must-revalidate': BROKEN_OFF,
  'stale-close-proxy-revalidate': BROKEN_OFF,
  'stale-close-no-cache': BROKEN_OFF,
  'stale-close-s-maxage=2': BROKEN_OFF,
  '304-etag-update-response-Content-MD5': {
    reason: 'RFC 9111 3.2: a 304 renews every field but Content-Length and those by which the stored bytes are read',
    isOutdated: true,
  },
  '304-etag-update-response-ETag': {
    reason:
      'RFC 9111 4.3.4: a 304 with another strong tag is no word on what is stored; it is asked for whole, which the test counts as a retry',
  },
  'surrogate-fresh-cc-nostore': {
    reason:
      'the directive names a surrogate that has announced itself; we announce nothing, which would cost every origin a field more',
  },
  'headers-store-Set-Cookie': COOKIE,
  '304-etag-update-response-Set-Cookie': COOKIE,
  'headers-store-Transfer-Encoding': {
    reason: 'a transfer coding that is none is refused: two readers could disagree on where the body ends (threat 21)',
  },
};
