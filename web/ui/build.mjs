// Builds the page: checks the types, bundles, gives each file its hash for a
// name, gzips, and writes embedded.cpp, which takes the files into the program.
//
//   node build.mjs        in a folder with src/, node_modules/; results go to dist/ and embedded.cpp
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const kLimit = 100 * 1024; // bytes, gzipped, all files

function bundle() {
  return build({
    entryPoints: { app: "src/main.tsx" },
    bundle: true,
    minify: true,
    write: false,
    outdir: "dist",
    format: "iife",
    target: "es2022",
    jsx: "automatic",
    jsxImportSource: "preact",
    legalComments: "none",
    logLevel: "warning",
  });
}

function hash(content) {
  return createHash("sha256").update(content).digest("hex").slice(0, 12);
}

function page(names) {
  const text = readFileSync("src/index.html", "utf8");
  return Buffer.from(text.replace(/%(\w+)%/g, (_, kind) => names[kind]));
}

function collect(output) {
  const files = output.outputFiles.map((file) => ({
    kind: file.path.endsWith(".css") ? "css" : "js",
    content: Buffer.from(file.contents),
  }));
  files.push({ kind: "svg", content: readFileSync("src/icon.svg") });
  const names = {};
  for (const file of files) names[file.kind] = file.name = `app-${hash(file.content)}.${file.kind}`;
  files.push({ kind: "html", name: "", content: page(names) });
  return files;
}

const types = {
  css: "text/css; charset=utf-8",
  html: "text/html; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  svg: "image/svg+xml",
};

// .incbin takes a file as it is; the compiler never sees its bytes.
function source(files) {
  const data = files.map((file, i) => {
    const name = `weir_asset_${i}`;
    return `asm(".section .rodata.${name},\\"a\\"\\n${name}:\\n.incbin \\"${file.path}\\"\\n` +
      `${name}_end:\\n.previous\\n");\nextern "C" const char ${name}[], ${name}_end[];\n`;
  });
  const rows = files.map((file, i) => {
    const name = `weir_asset_${i}`;
    return `    {"${file.name}", "${types[file.kind]}", "\\"${hash(file.content)}\\"",\n` +
      `     {${name}, static_cast<std::size_t>(${name}_end - ${name})}},\n`;
  });
  return `// Written by build.mjs.\n#include "web/assets.h"\n\n${data.join("")}\nnamespace weir::web {\n` +
    `std::span<const Asset> embedded_assets() {\n  static const Asset kAssets[] = {\n${rows.join("")}  };\n` +
    `  return kAssets;\n}\n}  // namespace weir::web\n`;
}

execFileSync(process.execPath, ["node_modules/typescript/bin/tsc", "-p", "."], { stdio: "inherit" });
const files = collect(await bundle());
rmSync("dist", { recursive: true, force: true });
mkdirSync("dist");
let total = 0;
for (const file of files) {
  const zipped = gzipSync(file.content, { level: 9 });
  file.path = resolve("dist", `${file.name || "index.html"}.gz`);
  writeFileSync(file.path, zipped);
  total += zipped.length;
}
if (total > kLimit) throw new Error(`the page takes ${total} bytes gzipped, more than ${kLimit}`);
writeFileSync("embedded.cpp", source(files));
