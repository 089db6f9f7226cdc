/** A hundred thousand rows of CSV: five stations, a value that swings. */

export const ROWS = 100_000;

export function drawRows(): string {
  const lines = ['time,station,value'];
  for (let row = 0; row < ROWS; row++) {
    const day = String(1 + (row % 28)).padStart(2, '0');
    const hour = String(row % 24).padStart(2, '0');
    lines.push(`2026-01-${day}T${hour}:00,S${row % 5},${(Math.sin(row / 500) * 50 + 50 + (row % 7)).toFixed(2)}`);
  }
  return `${lines.join('\n')}\n`;
}
