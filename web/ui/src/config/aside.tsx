// Beside the text: what the last load came to, what is wrong, and what the disk has.
import { useMemo } from "preact/hooks";
import type { Diagnostic, Load, Status } from "../api";
import { isError, markOf } from "../diagnostics";
import { baseName, count, moment, plural } from "../format";
import { HealthMark } from "../parts/health";
import { Note } from "../parts/panel";
import { replaceQuery } from "../route";
import type { ConfigAnswer, ConfigFile } from "./api";
import { countChanged, diffRows } from "./diff";
import { type Asked, ReloadAnswer } from "./reload";

function Result({ load, runningSince }: { load: Load; runningSince: number }) {
  const errors = load.diagnostics.filter(isError).length;
  const warnings = load.diagnostics.length - errors;
  if (!load.ok) {
    return (
      <Note state="unhealthy" title={`Refused at ${moment(load.time)}: ${plural(errors, "error")}.`}>
        <p>Nothing was changed: weir still runs the config of {moment(runningSince)}. Cause of the load: {load.cause}.</p>
      </Note>
    );
  }
  const numbers: [number, string][] = [
    [load.added, "added"],
    [load.changed, "changed"],
    [load.removed, "removed"],
    [load.unchanged, "as they were"],
  ];
  return (
    <section>
      <HealthMark state={warnings > 0 ? "waiting" : "healthy"} text={`Loaded at ${moment(load.time)}`} />
      <p class="sub">
        Components: {numbers.filter(([n]) => n > 0).map(([n, word]) => `${count(n)} ${word}`).join(", ") || "none"}.
      </p>
      <p class="dim small">
        Took {count(Math.max(1, Math.round(load.seconds * 1000)))} ms. Cause: {load.cause}.
        {warnings > 0 && ` ${plural(warnings, "warning")}.`}
      </p>
    </section>
  );
}

function Problems({ load, files }: { load: Load; files: ConfigFile[] }) {
  const known = new Set(files.map((file) => file.name));
  if (load.diagnostics.length === 0) return null;
  const go = (diagnostic: Diagnostic) =>
    replaceQuery({ file: diagnostic.file, line: String(diagnostic.line ?? 1), view: load.ok ? "running" : "disk" });
  return (
    <section>
      <h2>{load.ok ? "Warnings" : "What is wrong"}</h2>
      <ul class="problems">
        {load.diagnostics.map((diagnostic, index) => (
          <li key={index}>
            <HealthMark state={markOf(diagnostic)} text={diagnostic.severity} word={false} />
            <div>
              {diagnostic.file && known.has(diagnostic.file) ? (
                <button type="button" class="link mono" onClick={() => go(diagnostic)}>
                  {baseName(diagnostic.file)}:{diagnostic.line}:{diagnostic.column}
                </button>
              ) : (
                diagnostic.file && <span class="mono dim">{baseName(diagnostic.file)}:{diagnostic.line}</span>
              )}
              <div>{diagnostic.message}</div>
            </div>
          </li>
        ))}
      </ul>
    </section>
  );
}

function differenceText(file: ConfigFile): string {
  if (!file.isRunning) return "is not loaded yet";
  if (!file.isOnDisk) return "is gone from the disk; what runs stays";
  const { added, removed } = countChanged(diffRows(file.running ?? "", file.disk ?? ""));
  if (added + removed === 0) return "differs in secrets only";
  return `has ${plural(added, "line")} that ${added === 1 ? "does" : "do"} not run, and lacks ${count(removed)} that ${removed === 1 ? "runs" : "run"}`;
}

function OnDisk({ config }: { config: ConfigAnswer }) {
  const others = config.files.filter((file) => !file.isSame);
  const texts = useMemo(() => (config.hasTexts ? others.map(differenceText) : others.map(() => "differs from what runs")), [config]);
  return (
    <section>
      <h2>The file on the disk</h2>
      {others.length === 0 && config.unreadable.length === 0 && <p class="sub">It says what runs.</p>}
      {others.map((file, index) => (
        <p class="sub" key={file.name}>
          <code>{baseName(file.name)}</code> {texts[index]}.
        </p>
      ))}
      {config.unreadable.map((text) => (
        <p class="bad" key={text}>{text}</p>
      ))}
    </section>
  );
}

export function Aside({ config, status, asked }: { config: ConfigAnswer; status?: Status; asked: Asked }) {
  return (
    <aside class="beside" aria-label="The last load">
      <div role="status">
        <ReloadAnswer asked={asked} />
      </div>
      {status && <Result load={status.lastLoad} runningSince={status.runningSince} />}
      {status && <Problems load={status.lastLoad} files={config.files} />}
      <OnDisk config={config} />
      <p class="dim small">Passwords, tokens and keys are not sent to this page: “(secret)” stands for each.</p>
    </aside>
  );
}
