// What the API answers. Times are Unix milliseconds.

export type State = "healthy" | "unhealthy" | "waiting" | "unknown" | "exited";

export interface Health {
  state: State;
  message: string;
  since: number;
}

export interface Diagnostic {
  severity: "error" | "warning";
  message: string;
  file?: string;
  line?: number;
  column?: number;
  endLine?: number;
  endColumn?: number;
  notes: { message: string; file?: string; line?: number }[];
  text: string;
}

export interface Load {
  ok: boolean;
  cause: string;
  time: number;
  seconds: number;
  added: number;
  removed: number;
  changed: number;
  unchanged: number;
  diagnostics: Diagnostic[];
}

export interface Loss {
  reason: string;
  meaning: string;
  count: number;
}

export interface Status {
  version: string;
  host?: string;
  kernel?: string;
  time: number;
  started: number;
  ready: boolean;
  configPath: string;
  runningSince: number;
  lastLoad: Load;
  process: { cpuPercent: number; window: number; rssBytes: number };
  collection: { collectors: number; samples: number; lost: number; mapBytes: number; losses: Loss[] };
  components: number;
  health: Record<State, number>;
}

export interface Component {
  name: string;
  id: string;
  label: string;
  referencesTo: string[];
  referencedBy: string[];
  health: Health;
}

export interface Value {
  type: string;
  value: unknown;
  length?: number; // of a list or text that was cut
  view?: string; // where a cut list is read in pages
}

export interface Statement {
  name: string;
  type: "attr" | "block";
  label?: string;
  value?: Value;
  body?: Statement[];
  default?: boolean;
  doc?: string;
  unit?: string;
  noEffect?: string;
}

export interface LogLine {
  time: number;
  level: string;
  message: string;
  fields: { key: string; value: string }[];
}

export interface ComponentDetail extends Component {
  doc: string;
  stability: string;
  arguments: Statement[];
  exports: Statement[];
  debugInfo: Statement[];
  place?: { file: string; line: number };
  healthHistory: Health[]; // oldest first
  views: { name: string; title: string; total: number }[];
  log?: LogLine[];
}

export interface ViewPage {
  total: number;
  matching: number;
  offset: number;
  rows: Value[];
}

// In Unix milliseconds, and what there was from then to the next.
export type TimePoint = [time: number, value: number];

export interface Service {
  service: string;
  type: string;
  unit: string;
  total: number;
  profiles: number;
  samples: number;
  first: number;
  last: number;
  points?: TimePoint[];
}

export interface Services {
  from: number;
  until: number;
  step?: number; // seconds
  stores: number;
  services: Service[];
}

export interface Series {
  from: number;
  until: number;
  step: number;
  points: TimePoint[];
}

export interface FlameColumns {
  strings: string[];
  name: number[];
  module: number[];
  kind: number[];
  why: number[];
  reason: number[];
  total: number[];
  self: number[];
  parent: number[];
  beforeTotal?: number[]; // of the time before, where two are compared
  beforeSelf?: number[];
}

export interface FlameAnswer {
  from: number;
  until: number;
  total: number;
  samples: number;
  completeSamples: number;
  flame: FlameColumns;
}

export interface DiffSide {
  from: number;
  until: number;
  service: string;
  type: string;
  unit: string;
  total: number;
  duration: number; // s, from the first to the last of its profiles
}

export interface DiffAnswer {
  before: DiffSide;
  after: DiffSide;
  factor: number; // by what the values before were multiplied
  flame: FlameColumns;
}

export interface ConfigPlace {
  file: string;
  line: number; // 0: not known
}

export interface Change {
  label: string;
  before: string; // "": it was not there
  after: string; // "": it is gone
}

export interface TraceStep {
  block: string;
  index: number;
  place: ConfigPlace;
  what: string;
  why: string;
  effect: "nothing" | "changed" | "dropped";
  changes: Change[];
}

export interface Visit {
  component: string;
  place: ConfigPlace;
  dropped: boolean;
  used: boolean;
  in: Record<string, string>;
  steps: TraceStep[];
  unreached: { block: string; index: number; place: ConfigPlace }[]; // behind the step that dropped it
  unseenBy: string[]; // components that would have got it
}

export interface Explanation {
  source: string;
  place: ConfigPlace;
  cut: boolean; // not told to its end
  labels: Record<string, string>;
  visits: Visit[];
}

export interface Explanations {
  found: number;
  counted: boolean; // false: there may be more than `found`
  cut: string; // why this is not all; "": it is
  targets: Explanation[];
}
