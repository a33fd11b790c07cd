// What stands around every screen: the rail, the cost line, the notes that concern all of weir.
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import type { Load, Status } from "./api";
import { type Polled, isLost } from "./ask";
import { isError } from "./diagnostics";
import { focusMain } from "./focus";
import { bytes, count, moment, percent, plural, span } from "./format";
import { Dialog, KeysDialog, LossTable } from "./parts/dialog";
import { HealthMark, kStatesByNeed, stateWord } from "./parts/health";
import { Icon } from "./parts/icon";
import { Note } from "./parts/panel";
import { usePasswordWanted } from "./password";
import type { Route } from "./route";
import { addressOf, kScreens } from "./screens";
import { toggleTheme } from "./theme";
import { Toasts } from "./toast";

function isRefused({ ready, lastLoad }: Status): boolean {
  return ready && !lastLoad.ok;
}

// Beside the name of a screen: how much in it needs a person.
function BadCount({ n, what }: { n: number; what: string }) {
  if (n === 0) return null;
  return (
    <span class="count bad">
      {n}
      <span class="sr"> {what}</span>
    </span>
  );
}

function Rail({ route, status, onKeys }: { route: Route; status?: Status; onKeys: () => void }) {
  const counts: Partial<Record<Route["screen"], ComponentChildren>> | undefined = status && {
    components: <BadCount n={status.health.unhealthy + status.health.exited} what="unhealthy" />,
    config: <BadCount n={isRefused(status) ? 1 : 0} what="refused" />,
  };
  return (
    <nav class="rail" aria-label="Screens">
      <a class="brand" href="#/profiles">
        <Icon name="wave" />
        <b>weir</b>
      </a>
      {kScreens.map((screen) => (
        <a class="screen" key={screen.name} href={addressOf(screen)} aria-current={[screen.name, screen.within].includes(route.screen) ? "page" : undefined}>
          <Icon name={screen.name} />
          {screen.title}
          {counts?.[screen.name]}
        </a>
      ))}
      <div class="end">
        <div class="host grow">
          <div class="cut">{status?.host}</div>
          <div class="cut dim">{status?.kernel?.replace(/^(\S+ \d+\.\d+).*/, "$1")}</div>
        </div>
        <button type="button" class="button quiet square" aria-label="Keyboard" onClick={onKeys}>
          <Icon name="keys" />
        </button>
        <button type="button" class="button quiet square" aria-label="Dark or light" onClick={toggleTheme}>
          <Icon name="theme" />
        </button>
      </div>
    </nav>
  );
}

function Lost({ status, onOpen }: { status: Status; onOpen: () => void }) {
  const { collectors, lost } = status.collection;
  if (collectors === 0) return <span class="dim">nothing is sampled</span>;
  if (lost === 0) return <span>0 samples lost</span>;
  return (
    <button type="button" class="link bad" onClick={onOpen}>
      {plural(lost, "sample")} lost
    </button>
  );
}

function Foot({ status, onLosses }: { status?: Status; onLosses: () => void }) {
  if (!status) return <footer class="foot" aria-label="What weir itself costs" />;
  const { process, collection } = status;
  const memory = process.rssBytes + collection.mapBytes;
  const detail =
    `CPU over the last ${span(process.window * 1000)}, of one CPU. ` +
    `Memory: ${bytes(process.rssBytes)} resident, ${bytes(collection.mapBytes)} of maps in the kernel.`;
  return (
    <footer class="foot" aria-label="What weir itself costs">
      <span class="cost" title={detail}>
        <span class="dim">weir</span>
        <span>{percent(process.cpuPercent / 100)} CPU</span>
        <i aria-hidden="true">·</i>
        <span>{bytes(memory)}</span>
        <i aria-hidden="true">·</i>
        <Lost status={status} onOpen={onLosses} />
      </span>
      <span class="grow" />
      <a class="counts" href="#/components">
        <span class="sr">Components: </span>
        {kStatesByNeed
          .filter((state) => status.health[state] > 0)
          .map((state) => (
            <HealthMark key={state} state={state} text={<>{count(status.health[state])}<span class="hide-narrow"> {stateWord(state).toLowerCase()}</span></>} />
          ))}
      </a>
      <span class="dim wide">{status.version}</span>
    </footer>
  );
}

function LossDialog({ status, onClose }: { status: Status; onClose: () => void }) {
  const losses = status.collection.losses.filter((loss) => loss.count > 0);
  return (
    <Dialog title="Samples lost, by reason" onClose={onClose}>
      <LossTable losses={losses} />
      <p class="dim small">
        Of {plural(status.collection.samples, "sample")} since the collectors started. The same counts stand in /metrics.
      </p>
    </Dialog>
  );
}

const kKeys: [string, string][] = [
  ...kScreens.map(({ key, title }): [string, string] => [`g ${key}`, title]),
  ["/", "Search"],
  ["Esc", "Clear the search, then zoom out by one"],
  ["← → ↑ ↓", "Move in the flame graph, in the graph of components"],
  ["Enter", "Zoom to the frame, open the row or the component"],
  ["s", "Callers and callees of the frame"],
  ["d", "Compare with the time before"],
  ["Space", "Fold or unfold a module of the graph"],
  ["+ −", "Make the graph larger or smaller"],
  ["t", "Dark or light"],
  ["?", "This list"],
];

function Refused({ load, runningSince }: { load: Load; runningSince: number }) {
  const errors = load.diagnostics.filter(isError);
  const first = errors[0];
  const place = first?.file ? `${first.file}:${first.line}:${first.column}: ` : "";
  return (
    <Note state="unhealthy" title={`Config of ${moment(load.time)} refused: ${plural(errors.length, "error")}.`}>
      <p>
        Nothing was changed: weir still runs the config of {moment(runningSince)}. It loads the file again when it is saved.
      </p>
      {first && (
        <details>
          <summary>
            <code>
              <b>{place}</b>
              {first.message}
            </code>
          </summary>
          <pre>{errors.map((error) => error.text).join("\n")}</pre>
        </details>
      )}
    </Note>
  );
}

function Disconnected({ since }: { since: number }) {
  return (
    <Note state="unhealthy" title="No answer from weir.">
      <p>
        The page asks {location.host} again every 5 s. What stands here is of {moment(since)}.
      </p>
    </Note>
  );
}

function PasswordWanted({ since }: { since: number }) {
  return (
    <Note state="unhealthy" title="weir asks for a password.">
      <p>
        {location.host} does not take the one that this page was opened with. The page asks for nothing more; what stands here is of{" "}
        {moment(since)}. Load it again to give another password.
      </p>
      <button type="button" class="button" onClick={() => location.reload()}>
        Load again
      </button>
    </Note>
  );
}

// The one thing that concerns all of weir, if there is one.
function Concern({ route, status }: { route: Route; status: Polled<Status> }) {
  const password = usePasswordWanted();
  const known = status.data;
  const note = () => {
    if (password > 0) return <PasswordWanted since={password} />;
    if (!known) return null;
    if (isLost(status.failures)) return <Disconnected since={status.failingSince} />;
    // The config's own screen says it beside the text.
    return isRefused(known) && route.screen !== "config" ? <Refused load={known.lastLoad} runningSince={known.runningSince} /> : null;
  };
  const one = note();
  return one && <div class="notes">{one}</div>;
}

// The address is the screen's: it has no room for the name of a place in it.
function skip(event: Event): void {
  event.preventDefault();
  focusMain();
}

interface FrameProps {
  route: Route;
  status: Polled<Status>;
  keys: boolean;
  onKeys: (open: boolean) => void;
  children: ComponentChildren;
}

export function Frame({ route, status, keys, onKeys, children }: FrameProps) {
  const [losses, setLosses] = useState(false);
  const known = status.data;
  return (
    <>
      <a class="skip" href="#main" onClick={skip}>
        Skip to content
      </a>
      <Rail route={route} status={known} onKeys={() => onKeys(true)} />
      <main id="main" tabIndex={-1}>
        <Concern route={route} status={status} />
        {children}
      </main>
      <Foot status={known} onLosses={() => setLosses(true)} />
      {losses && known && <LossDialog status={known} onClose={() => setLosses(false)} />}
      {keys && <KeysDialog keys={kKeys} onClose={() => onKeys(false)} />}
      <Toasts />
      <div id="live" class="sr" role="status" aria-live="polite" />
    </>
  );
}
