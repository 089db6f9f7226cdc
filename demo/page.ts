/** Pages of the demo site that are made when asked for. */

/** A whole page around a body that is safe already. */
export function makeDemoPage(title: string, body: string): string {
  return `<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${escapeText(title)}</title><link rel="stylesheet" href="/style.css"></head>
<body><header class="top"><h1><a href="/">Port Halyard</a></h1></header>
<nav aria-label="Main"><ul class="menu"><li><a href="/">Home</a></li><li><a href="/story.html">The lamp</a></li><li><a href="/guest-book">Guest book</a></li></ul></nav>
<div class="columns"><main>
${body}
</main></div></body></html>
`;
}

/** Text for element content and attribute values. */
export function escapeText(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
