// Shows new exchanges as they come. Without it the page is complete, as of when it was opened.
const rows = document.querySelector('#exchanges tbody');
const note = document.querySelector('#live');
const button = document.querySelector('#live-switch');
const MAX_ROWS = 100;
let source;

function cell(name, text, className) {
  const made = document.createElement(name);
  // Text only: names, types and addresses come from clients and origins.
  made.textContent = text;
  if (className) made.className = className;
  return made;
}

function addRow(cells) {
  const row = document.createElement('tr');
  cells.forEach(([text, className], index) => {
    const made = cell(index === 0 ? 'th' : 'td', text, className);
    if (index === 0) made.scope = 'row';
    row.append(made);
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
