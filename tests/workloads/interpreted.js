// JavaScript that keeps node's own code busy besides the code it makes at run time.
function sortWithKey() {
  const values = Array.from({ length: 2000 }, (_, i) => (i * 7919) % 2000);
  return values.sort((a, b) => b - a);
}

function parseText() {
  const text = JSON.stringify({ rows: Array.from({ length: 400 }, (_, i) => ({ id: i, name: 'row ' + i })) });
  return JSON.parse(text).rows.filter((row) => /7/.test(row.name));
}

const parent = process.ppid;
for (let turn = 0; turn % 1000 !== 0 || process.ppid === parent; ++turn) {
  sortWithKey();
  parseText();
}
