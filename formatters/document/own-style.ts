/** Our own few rules of style: under 1 kB, by design; a page reads well by them on any screen and in the dark. */
export const OWN_STYLE =
  'body{max-width:42em;margin:auto;padding:.5em;font:1em/1.5 sans-serif;overflow-wrap:break-word}img{max-width:100%;height:auto}table{border-collapse:collapse}td,th{border:1px solid #888;padding:.2em .4em;vertical-align:top}pre{overflow:auto}details{margin:.5em 0}.scroll{overflow:auto}@media(max-width:40em){table{display:block;overflow:auto}}:root{color-scheme:light dark}';
