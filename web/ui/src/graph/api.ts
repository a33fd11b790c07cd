import type { Health } from "../api";

export interface GraphNode {
  id: string;
  name: string;
  label: string;
  owner?: number; // the module that it is in
  isModule: boolean;
  health: Health;
}

export interface GraphEdge {
  from: number; // places among the nodes; in the data's direction
  to: number;
  kind: "value" | "list" | "targets" | "profiles";
  inside: boolean; // between a module and a component in it
  exports: string[];
  length?: number;
  profiles?: number; // handed over since the sender started
}

export interface GraphAnswer {
  nodes: GraphNode[];
  edges: GraphEdge[];
}
