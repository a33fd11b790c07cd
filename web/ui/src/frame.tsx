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
import { toggleTheme } from "./theme";
import { Toasts } from "./toast";

function Rail({ route, status, onKeys }: { route: Route; status?: Status; onKeys: () => void }) {
  const bad = status ? status.health.unhealthy + status.health.exited : 0;
  const isAt = (...screens: Route["screen"][]) => (screens.includes(route.screen) ? "page" : undefined);
  return (
    <nav class="rail" aria-label="Screens">
      <a class="brand" href="#/profiles">
        <Icon name="wave" />
        <b>weir</b>
      </a>
      <a class="screen" href="#/profiles" aria-current={isAt("profiles")}>
        <Icon name="profiles" />
        Profiles
      </a>
      <a class="screen" href="#/graph" aria-current={isAt("graph")}>
        <Icon name="graph" />
        Graph
      </a>
      <a class="screen" href="#/components" aria-current={isAt("components", "component")}>
        <Icon name="components" />
        Components
        {bad > 0 && (
          <span class="count bad">
            {bad}
            <span class="sr"> unhealthy</span>
          </span>
        )}
      </a>
      <a class="screen" href="#/targets" aria-current={isAt("targets", "explain")}>
        <Icon name="targets" />
        Targets
      </a>
      <a class="screen" href="#/config" aria-current={isAt("config")}>
        <Icon name="config" />
        Config
        {status?.ready && !status.lastLoad.ok && <span class="count bad">1<span class="sr"> refused</span></span>}
      </a>
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
  ["g p", "Profiles"],
  ["g g", "Graph"],
  ["g c", "Components"],
  ["g t", "Targets"],
  ["g s", "Config"],
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
  const password = usePasswordWanted();
  // The config's own screen says it beside the text.
  const refused = known && known.ready && !known.lastLoad.ok && route.screen !== "config";
  return (
    <>
      <a class="skip" href="#main" onClick={skip}>
        Skip to content
      </a>
      <Rail route={route} status={known} onKeys={() => onKeys(true)} />
      <main id="main" tabIndex={-1}>
        {password > 0 && <div class="notes"><PasswordWanted since={password} /></div>}
        {known && isLost(status.failures) && !password && <div class="notes"><Disconnected since={status.failingSince} /></div>}
        {refused && !isLost(status.failures) && !password && (
          <div class="notes"><Refused load={known.lastLoad} runningSince={known.runningSince} /></div>
        )}
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
