// Builds the page: checks the types, bundles, gives each file its hash for a
// name, gzips, and writes embedded.cpp, which takes the files into the program.
// Also the page of a file with a flame graph, which has everything inside.
//
//   node build.mjs        in a folder with src/, node_modules/; results go to dist/ and embedded.cpp
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const kLimit = 100 * 1024; // bytes, gzipped, all files

function bundle(entry) {
  return build({
    entryPoints: { app: entry },
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

// What may run in the file: this script and this style, and nothing that the data could smuggle in.
function policy(script, style) {
  const digest = (text) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
  return `default-src 'none'; script-src ${digest(script)}; style-src ${digest(style)}; img-src data:; base-uri 'none'; form-action 'none'`;
}

function filePage(output) {
  const part = (kind) => {
    const text = Buffer.from(output.outputFiles.find((file) => file.path.endsWith(kind)).contents).toString().trim();
    if (/<\/(script|style)/i.test(text)) throw new Error(`the ${kind} of the file would end its own element`);
    return text;
  };
  const [script, style] = [part(".js"), part(".css")];
  const icon = Buffer.from(readFileSync("src/icon.svg")).toString("base64");
  const parts = { policy: policy(script, style), style, script, icon };
  return readFileSync("src/file/file.html", "utf8").replace(/%(policy|style|script|icon)%/g, (_, name) => parts[name]);
}

const types = {
  css: "text/css; charset=utf-8",
  html: "text/html; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  svg: "image/svg+xml",
};

// .incbin takes a file as it is; the compiler never sees its bytes.
function include(name, path) {
  return `asm(".section .rodata.${name},\\"a\\"\\n${name}:\\n.incbin \\"${path}\\"\\n` +
    `${name}_end:\\n.previous\\n");\nextern "C" const char ${name}[], ${name}_end[];\n`;
}

function view(name) {
  return `{${name}, static_cast<std::size_t>(${name}_end - ${name})}`;
}

function source(files, filePath) {
  const data = files.map((file, i) => include(`weir_asset_${i}`, file.path));
  data.push(include("weir_flame_file", filePath));
  const rows = files.map((file, i) => {
    return `    {"${file.name}", "${types[file.kind]}", "\\"${hash(file.content)}\\"",\n` + `     ${view(`weir_asset_${i}`)}},\n`;
  });
  return `// Written by build.mjs.\n#include "web/assets.h"\n\n${data.join("")}\nnamespace weir::web {\n` +
    `std::span<const Asset> embedded_assets() {\n  static const Asset kAssets[] = {\n${rows.join("")}  };\n` +
    `  return kAssets;\n}\n\nstd::string_view flame_file_page() {\n  return ${view("weir_flame_file")};\n}\n}  // namespace weir::web\n`;
}

execFileSync(process.execPath, ["node_modules/typescript/bin/tsc", "-p", "."], { stdio: "inherit" });
const files = collect(await bundle("src/main.tsx"));
rmSync("dist", { recursive: true, force: true });
mkdirSync("dist");

function keep(name, content) {
  const zipped = gzipSync(content, { level: 9 });
  if (zipped.length > kLimit) throw new Error(`${name} takes ${zipped.length} bytes gzipped, more than ${kLimit}`);
  const path = resolve("dist", `${name}.gz`);
  writeFileSync(path, zipped);
  return { path, size: zipped.length };
}

let total = 0;
for (const file of files) {
  const { path, size } = keep(file.name || "index.html", file.content);
  file.path = path;
  total += size;
}
if (total > kLimit) throw new Error(`the page takes ${total} bytes gzipped, more than ${kLimit}`);
const file = keep("file.html", filePage(await bundle("src/file/main.tsx")));
writeFileSync("embedded.cpp", source(files, file.path));
