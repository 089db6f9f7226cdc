// Shows new exchanges as they come. Without it the page is complete, as of when it was opened.
const rows = document.querySelector('#exchanges tbody');
const note = document.querySelector('#live');
const button = document.querySelector('#live-switch');
const MAX_ROWS = 100;
let source;

function bytesText(bytes) {
  if (bytes === null) return 'not known';
  if (bytes < 1_000) return `${bytes} B`;
  return bytes < 1_000_000 ? `${(bytes / 1_000).toFixed(1)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
}

// The columns of the table, in their order; true where a figure is set to the right.
function cellsOf(entry) {
  const time = new Date(entry.at).toISOString().slice(0, 19).replace('T', ' ');
  return [
    [time, false],
    [entry.failure === null ? entry.status : `${entry.status} ${entry.failure}`, true],
    [entry.host || entry.mode, false],
    [entry.class, false],
    [[entry.presentation, entry.to].filter(Boolean).join(', '), false],
    [entry.chain, false],
    [bytesText(entry.bytesOriginal), true],
    [bytesText(entry.bytesSent), true],
    [`${entry.origin} / ${entry.variant}`, false],
    [Math.round(entry.ms), true],
  ];
}

function addRow(entry) {
  const row = document.createElement('tr');
  cellsOf(entry).forEach(([text, isNumber], index) => {
    const cell = document.createElement(index === 0 ? 'th' : 'td');
    // Text only: names, types and addresses come from clients and origins (threat 60).
    cell.textContent = text;
    if (isNumber) cell.className = 'number';
    if (index === 0) cell.scope = 'row';
    row.append(cell);
  });
  rows.querySelector('.empty')?.remove();
  rows.prepend(row);
  while (rows.children.length > MAX_ROWS) rows.lastElementChild.remove();
}

function start() {
  source = new EventSource('/ui/traffic/events');
  source.addEventListener('exchange', (event) => addRow(JSON.parse(event.data)));
  source.addEventListener('open', () => {
    note.textContent = 'Live: new exchanges appear at the top.';
  });
  source.addEventListener('error', () => {
    note.textContent = 'Not connected; trying again.';
  });
  button.textContent = 'Pause';
}

function stop() {
  source.close();
  source = undefined;
  note.textContent = 'Paused.';
  button.textContent = 'Go on';
}

button.hidden = false;
button.addEventListener('click', () => (source ? stop() : start()));
start();
