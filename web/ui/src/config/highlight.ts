// The words of a config text, by what they are, for colours; and places in it.

export interface Word {
  text: string;
  look: string; // a class, or ""
}

const kSecret = "(secret)";
const kTurning = /[\u202a-\u202e\u2066-\u2069\u200e\u200f]/; // signs that change the direction of what follows
const kStandingOut = new RegExp(`(\\(secret\\)|${kTurning.source})`);
// Comments, strings, numbers, names; what a string or a comment leaves open goes on in the next line.
const kWords = /(\/\/.*|#.*)|(\/\*[^]*?(?:\*\/|$))|("(?:[^"\\]|\\.)*"?|`[^`]*`?)|(\b\d[\w.]*)|([A-Za-z_][\w.]*)|[^]/g;

function nameLook(name: string, behind: string): string {
  if (/^(true|false|null)$/.test(name)) return "y-number";
  if (/^\s*=(?!=)/.test(behind)) return "y-name";
  if (/^\s*("[^"\n]*"\s*)?\{/.test(behind)) return "y-block";
  return "";
}

// Left as it is, it could show another text than what runs.
function shownSign(sign: string): string {
  return `[U+${sign.charCodeAt(0).toString(16).toUpperCase()}]`;
}

function push(line: Word[], text: string, look: string): void {
  const last = line[line.length - 1];
  if (last && last.look === look) last.text += text;
  else if (text) line.push({ text, look });
}

// Each line's words. Secrets, and signs that turn the text, stand out of the string they are in.
export function highlight(text: string): Word[][] {
  const lines: Word[][] = [[]];
  const add = (part: string, look: string) => {
    part.split("\n").forEach((piece, index) => {
      if (index > 0) lines.push([]);
      const line = lines[lines.length - 1]!;
      piece.split(kStandingOut).forEach((bit) => {
        if (bit === kSecret) push(line, bit, "y-secret");
        else if (kTurning.test(bit)) push(line, shownSign(bit), "y-odd");
        else push(line, bit, look);
      });
    });
  };
  for (const found of text.matchAll(kWords)) {
    const [all, comment, block, string, number, name] = found;
    if (comment || block) add(all, "y-comment");
    else if (string) add(all, "y-text");
    else if (number) add(all, "y-number");
    else if (name) add(all, nameLook(name, text.slice(found.index + all.length, found.index + all.length + 80)));
    else add(all, "");
  }
  return lines;
}

const kBytes = new TextEncoder();

// Columns count bytes from 1; where a secret was, they do not fit any more.
export function indexOfColumn(line: string, column: number): number | undefined {
  if (line.includes(kSecret)) return undefined;
  let bytes = 1;
  let index = 0;
  for (const letter of line) {
    if (bytes >= column) return index;
    bytes += kBytes.encode(letter).length;
    index += letter.length;
  }
  return index;
}

// With a class more on what stands in [from, until).
export function marked(words: Word[], from: number, until: number, look: string): Word[] {
  const result: Word[] = [];
  let at = 0;
  for (const word of words) {
    const [a, b] = [Math.max(from - at, 0), Math.min(until - at, word.text.length)];
    if (a < b) {
      push(result, word.text.slice(0, a), word.look);
      push(result, word.text.slice(a, b), `${word.look} ${look}`);
      push(result, word.text.slice(b), word.look);
    } else {
      push(result, word.text, word.look);
    }
    at += word.text.length;
  }
  return result;
}
