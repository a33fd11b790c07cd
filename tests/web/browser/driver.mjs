// Drives a Chromium for browser.py: a line of JSON on stdin is a command, a line on stdout its answer. Ends when stdin does.
//
//   node driver.mjs '{"modules": FOLDER, "chromium": PROGRAM, "credentials": {"username": …, "password": …} or null}'
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const options = JSON.parse(process.argv[2]);
// What is installed stands in a cache outside the tree.
const require = createRequire(`${options.modules}/`);
const { chromium } = require("playwright-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

const kPatience = 10_000; // ms, for what should happen at once

// What the tests press by the names that WebDriver gives keys.
const kKeys = {
  " ": "Space",
  "\ue003": "Backspace",
  "\ue004": "Tab",
  "\ue007": "Enter",
  "\ue00c": "Escape",
  "\ue00e": "PageUp",
  "\ue00f": "PageDown",
  "\ue010": "End",
  "\ue011": "Home",
  "\ue012": "ArrowLeft",
  "\ue013": "ArrowUp",
  "\ue014": "ArrowRight",
  "\ue015": "ArrowDown",
};

const browser = await chromium.launch({
  executablePath: options.chromium,
  args: ["--disable-gpu", "--force-device-scale-factor=1", "--hide-scrollbars"],
});
// The size of the window is set by `look`, as a phone has it or a screen.
const context = await browser.newContext({ viewport: null, httpCredentials: options.credentials ?? undefined });
context.setDefaultTimeout(kPatience);
const complaints = []; // since they were last asked for
const requests = []; // addresses, of all pages and since the start, whatever became of them
const opened = new Set(); // origins
context.on("console", (line) => {
  if (["error", "warning"].includes(line.type())) complaints.push(`${line.text()} (${line.location().url})`);
});
context.on("weberror", (thrown) => complaints.push(`thrown: ${thrown.error().stack ?? thrown.error()}`));
context.on("request", (request) => requests.push(request.url()));
const page = await context.newPage();
page.on("crash", () => complaints.push("the page crashed"));
const cdp = await context.newCDPSession(page);

// As an expression, not as text that the page would compile: its policy forbids that.
function evaluate(script, values = []) {
  return page.evaluate(`(function () {${script}\n}).apply(null, ${JSON.stringify(values)})`);
}

async function typeInto({ selector, text }) {
  const field = page.locator(selector).first();
  // The caret goes behind what stands there; where it is already, it stays.
  await field.evaluate((element) => {
    if (element === document.activeElement) return;
    element.focus();
    element.setSelectionRange?.(element.value.length, element.value.length);
  });
  for (const letter of text) await (kKeys[letter] ? page.keyboard.press(kKeys[letter]) : page.keyboard.type(letter));
}

// What is wrong for people who do not see, or not well: a line for each element, the rule and what would mend it.
async function audit() {
  if (!(await page.evaluate("typeof axe === 'object'"))) await page.evaluate(axe);
  const { violations } = await page.evaluate("axe.run(document, { resultTypes: ['violations'] })");
  return violations
    .filter(({ impact }) => ["serious", "critical"].includes(impact))
    .flatMap(({ id, impact, help, nodes }) => {
      return nodes.map((node) => `${id} (${impact}): ${help}: ${node.target.join(" ")}\n  ${node.html.slice(0, 300)}\n  ${node.failureSummary}`);
    });
}

function isElsewhere(address) {
  const { protocol, origin } = new URL(address);
  return !["about:", "blob:", "data:"].includes(protocol) && !opened.has(origin);
}

const commands = {
  async look({ width, height, theme, motion }) {
    await cdp.send("Emulation.setDeviceMetricsOverride", { width, height, deviceScaleFactor: 1, mobile: width < 700 });
    await page.emulateMedia({ colorScheme: theme, reducedMotion: motion });
  },
  async open({ url }) {
    opened.add(new URL(url).origin);
    const isHere = url.split("#")[0] === page.url().split("#")[0];
    // Else the page that is there would only be told of another hash.
    if (isHere) await page.evaluate(`history.replaceState(null, "", ${JSON.stringify(url)})`);
    const answer = await (isHere ? page.reload() : page.goto(url));
    return answer?.status() ?? 0;
  },
  reload: async () => (await page.reload())?.status() ?? 0,
  run: ({ script, values }) => evaluate(script, values),
  click: ({ selector }) => page.click(selector),
  type: typeInto,
  async press({ keys }) {
    for (const key of keys) await page.keyboard.press(kKeys[key] ?? key);
  },
  point: ({ x, y }) => page.mouse.move(x, y),
  shot: ({ path }) => page.screenshot({ path, caret: "initial" }),
  async download({ selector, path }) {
    const [download] = await Promise.all([page.waitForEvent("download"), page.click(selector)]);
    await download.saveAs(path);
    return download.suggestedFilename();
  },
  cdp: ({ method, parameters }) => cdp.send(method, parameters),
  audit,
  complaints: () => complaints.splice(0),
  requests: () => requests,
  strangers: () => requests.filter(isElsewhere),
};

function answer(message) {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}

answer({ value: browser.version() });
for await (const line of createInterface({ input: process.stdin })) {
  const { do: name, ...given } = JSON.parse(line);
  try {
    answer({ value: (await commands[name](given)) ?? null });
  } catch (error) {
    answer({ error: error.message });
  }
}
await browser.close();
