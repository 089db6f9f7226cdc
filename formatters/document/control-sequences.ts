/** What would command a terminal, or speak to a machine unseen, taken out of text (threats 36, 62). */

// ECMA-48: control sequences, control strings (to their end or that of the line), other escapes; in 7 and in 8 bits. UTF-8
// that someone read as Latin-1 is full of the latter (`â\u0080\u0098`): there they begin nothing, and what follows is text.
const SEQUENCE =
  /(?:\u001b\[|(?<![\u00c2-\u00f4][\u0080-\u00bf]{0,2})\u009b)[0-?]*[ -/]*[@-~]?|(?:\u001b[P\]X^_]|(?<![\u00c2-\u00f4][\u0080-\u00bf]{0,2})[\u0090\u0098\u009d-\u009f])[^\u0007\u001b\u009c\n]*(?:\u0007|\u001b\\|\u009c)?|\u001b[ -/]*[0-~]?/g;
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;
// Tag characters spell text that nothing shows; after a black flag they name a country's part.
const UNSEEN = /(?<!\u{1f3f4}[\u{e0020}-\u{e007f}]*)[\u{e0000}-\u{e007f}]/gu;
const SUSPECT = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\udb40]/;

/** The text without control characters (tab and line feed stay), escape sequences and unseen tag characters. Linear. */
export function stripControls(text: string): string {
  if (!SUSPECT.test(text)) return text;
  const plain = text.replace(SEQUENCE, '').replace(/\r\n?/g, '\n').replace(CONTROL, '');
  return plain.includes('\udb40') ? stripTags(plain) : plain;
}

// Long runs are cut off first, for the look-behind would walk each of them again and again.
function stripTags(text: string): string {
  return text.replace(/[\u{e0000}-\u{e007f}]{9,}/gu, '').replace(UNSEEN, '');
}
