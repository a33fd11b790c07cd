// Where an arrow key leads from a component of the graph.
import type { GraphAnswer } from "./api";
import type { Box, Scene } from "./scene";

function nearest(boxes: Box[], from: Box, key: string): Box | undefined {
  const [dx, dy] = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[key] ?? [0, 0];
  let best: Box | undefined;
  let least = Infinity;
  for (const box of boxes) {
    const [x, y] = [box.x - from.x, box.y - from.y];
    const ahead = x * dx! + y * dy!;
    if (ahead <= 0) continue;
    const distance = ahead + 3 * Math.abs(x * dy! + y * dx!);
    if (distance < least) [best, least] = [box, distance];
  }
  return best;
}

// The nodes at the other ends of the edges to the right of it, or to the left.
function connected(graph: GraphAnswer, node: number, key: string): Set<number> {
  if (key === "ArrowRight") return new Set(graph.edges.filter((edge) => edge.from === node).map((edge) => edge.to));
  if (key === "ArrowLeft") return new Set(graph.edges.filter((edge) => edge.to === node).map((edge) => edge.from));
  return new Set();
}

// Along an edge first; else to what stands there.
export function neighbour(scene: Scene, graph: GraphAnswer, from: Box, key: string): Box | undefined {
  const beside = connected(graph, from.node, key);
  return nearest(scene.boxes.filter((box) => beside.has(box.node)), from, key) ?? nearest(scene.boxes, from, key);
}
