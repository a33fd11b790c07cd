import { render } from "preact";
import { useCallback, useEffect, useState } from "preact/hooks";
import type { Status } from "./api";
import { isLost, useStatus } from "./ask";
import { ComponentScreen } from "./components/component";
import { ComponentsScreen } from "./components/list";
import { ConfigScreen } from "./config/config";
import { ExplainScreen } from "./explain/explain";
import { useKeptFocus, useScreenFocus } from "./focus";
import { Frame } from "./frame";
import { GraphScreen } from "./graph/graph";
import { useKeys } from "./keys";
import { goLive } from "./live";
import { ErrorState } from "./parts/states";
import { ProcessesScreen } from "./processes/processes";
import { ProfilesScreen } from "./profiles/profiles";
import { type Route, useRoute } from "./route";
import { addressOf, kScreens } from "./screens";
import "./style/style.css";
import { applyTheme } from "./theme";

const kGo = Object.fromEntries(kScreens.map((screen) => [screen.key, addressOf(screen)]));

function titleOf({ screen, id }: Route): string {
  if (screen === "explain") return "Explain a target";
  return kScreens.find(({ name }) => name === screen)?.title ?? id;
}

function Screen({ route, status }: { route: Route; status?: Status }) {
  switch (route.screen) {
    case "components":
      return <ComponentsScreen query={route.query} />;
    case "component":
      return <ComponentScreen key={route.id} id={route.id} />;
    case "targets":
      return <ProcessesScreen query={route.query} />;
    case "explain":
      return <ExplainScreen query={route.query} />;
    case "graph":
      return <GraphScreen query={route.query} />;
    case "config":
      return <ConfigScreen query={route.query} status={status} />;
    case "profiles":
      return <ProfilesScreen query={route.query} sampling={(status?.collection.collectors ?? 0) > 0} />;
  }
}

function NoAnswer({ why }: { why: string }) {
  return (
    <ErrorState what="No answer from weir." why={`The page asked ${location.host} three times and got: ${why}.`}>
      <pre class="command">curl {location.origin}{location.pathname}-/ready</pre>
    </ErrorState>
  );
}

function App() {
  const route = useRoute();
  const status = useStatus();
  const [keys, setKeys] = useState(false);
  useKeys(useCallback(() => setKeys(true), []), kGo);
  const title = [titleOf(route), status.data?.host, "weir"].filter(Boolean).join(" · ");
  useEffect(() => {
    document.title = title;
  }, [title]);
  useScreenFocus(`${route.screen} ${route.id}`);
  useKeptFocus();
  const silent = !status.data && isLost(status.failures) && status.error?.status !== 401;
  return (
    <Frame route={route} status={status} keys={keys} onKeys={setKeys}>
      {silent ? <NoAnswer why={status.error?.message ?? "nothing"} /> : <Screen route={route} status={status.data} />}
    </Frame>
  );
}

applyTheme();
goLive();
render(<App />, document.body);
