// Reads JSON lines {"id", "src"}; writes {"id", "scopes": [[line, first column, behind the last, "scope …"], …]} for each
// stretch of text, as an editor would colour it. Lines count from 1, columns from 0 and in UTF-16 units.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(process.cwd() + "/");
const oniguruma = require("vscode-oniguruma");
const textmate = require("vscode-textmate");

const wasm = readFileSync(require.resolve("vscode-oniguruma/release/onig.wasm"));
await oniguruma.loadWASM(wasm.buffer.slice(wasm.byteOffset, wasm.byteOffset + wasm.byteLength));
const [, , path] = process.argv;
const registry = new textmate.Registry({
  onigLib: Promise.resolve({
    createOnigScanner: (patterns) => new oniguruma.OnigScanner(patterns),
    createOnigString: (text) => new oniguruma.OnigString(text),
  }),
  loadGrammar: async () => textmate.parseRawGrammar(readFileSync(path, "utf8"), path),
});
const grammar = await registry.loadGrammar("source.river");

function scopesOf(source) {
  const scopes = [];
  let stack = textmate.INITIAL;
  source.split("\n").forEach((line, index) => {
    const result = grammar.tokenizeLine(line, stack);
    stack = result.ruleStack;
    for (const token of result.tokens) {
      scopes.push([index + 1, token.startIndex, token.endIndex, token.scopes.join(" ")]);
    }
  });
  return scopes;
}

for (const line of readFileSync(0, "utf8").split("\n")) {
  if (!line) continue;
  const { id, src } = JSON.parse(line);
  process.stdout.write(JSON.stringify({ id, scopes: scopesOf(src) }) + "\n");
}
