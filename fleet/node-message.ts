/** What one server tells the others through the registry: signed by its node key, so that an engine cannot put words in its mouth (threat 67). */

/** A message as it is kept. */
export interface NodeMessage {
  readonly from: string;
  /** JSON, exactly as signed. */
  readonly text: string;
  /** ed25519 by the node key over `from`, a line break and `text`; base64url. */
  readonly signature: string;
}

/** The node key of a server. */
export interface NodeSigner {
  /** `ed25519:…` */
  readonly publicKey: string;
  sign(text: string): string;
}

export type VerifyBy = (publicKey: string, text: string, signature: string) => boolean;

export function signMessage(from: string, content: unknown, { sign }: NodeSigner): string {
  const text = JSON.stringify(content);
  return JSON.stringify({ from, text, signature: sign(`${from}\n${text}`) } satisfies NodeMessage);
}

/** A message whose signature is not looked at yet; `undefined` where it is none. */
export function readMessage(value: string): NodeMessage | undefined {
  try {
    const { from, text, signature } = JSON.parse(value) as Record<string, unknown>;
    if (typeof from !== 'string' || typeof text !== 'string' || typeof signature !== 'string') return undefined;
    return { from, text, signature };
  } catch {
    return undefined;
  }
}

/** Whether the owner of a key said this. */
export function isSaidBy(publicKey: string, { from, text, signature }: NodeMessage, verifyBy: VerifyBy): boolean {
  return verifyBy(publicKey, `${from}\n${text}`, signature);
}

/** Speaks for this server, and hears those that are members. */
export interface NodeVoice {
  say(content: unknown): string;
  /** What a member has said; `undefined` for what nobody did who is one. */
  hear(value: string): { readonly from: string; readonly content: unknown } | undefined;
}

export function makeVoice(parts: {
  readonly self: string;
  readonly signer: NodeSigner;
  readonly verifyBy: VerifyBy;
  /** Public key of a member. */
  readonly keyOf: (name: string) => string | undefined;
}): NodeVoice {
  const { self, signer, verifyBy, keyOf } = parts;
  return {
    say: (content) => signMessage(self, content, signer),
    hear(value) {
      const message = readMessage(value);
      const key = message === undefined ? undefined : keyOf(message.from);
      if (message === undefined || key === undefined || !isSaidBy(key, message, verifyBy)) return undefined;
      return { from: message.from, content: JSON.parse(message.text) };
    },
  };
}
