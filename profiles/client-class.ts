/** Kinds of client (design part 3). */
export const CLIENT_CLASSES = [
  'desktop',
  'smartphone',
  'tablet',
  'feature-phone',
  'e-reader',
  'text-browser',
  'tv',
  'bot',
  'agent',
  'tool',
  'unknown',
] as const;

export type ClientClass = (typeof CLIENT_CLASSES)[number];
