// Draws a part of the flame tree on a canvas. Knows pixels, nothing of the page.
import { changeColour, frameColour } from "./kinds";
import { type Tree, changeOf, kindOf, moduleOf, nameOf, titleOf } from "./model";
import type { Hits } from "./search";

export const kRow = 20;
const kSkip = 0.3; // px: narrower subtrees are not drawn
const kLeast = 0.8; // px: the narrowest frame drawn
const kInset = 5;

export interface Look {
  dark: boolean;
  font: string;
}

export interface Scene {
  tree: Tree;
  focus: number; // zoomed to; 0: all
  from: number; // of the values shown, left edge and right edge
  until: number;
  hits: Hits | null;
  hover: number; // -1: none
  chosen: number; // by the keyboard; -1: none
  top: number; // px scrolled
  bottom?: number; // px: grows up from there, with the root below it
  rootTitle: string;
}

interface Box {
  node: number;
  x: number;
  y: number;
  width: number;
}

// Neighbours too narrow to draw, as one: what they take together is not left blank.
interface Rest extends Box {
  parent: number;
  frames: number;
}

// By node, light and dark; as long as the tree is there.
const kColours = new WeakMap<Tree, [string[], string[]]>();

function coloursOf(tree: Tree, dark: boolean): string[] {
  let both = kColours.get(tree);
  if (!both) kColours.set(tree, (both = [[], []]));
  return both[dark ? 1 : 0];
}

function colourOf(tree: Tree, node: number, dark: boolean): string {
  if (tree.beforeTotal && node > 0) return changeColour(changeOf(tree.beforeTotal[node]!, tree.total[node]!), dark);
  return frameColour(kindOf(tree, node), nameOf(tree, node), moduleOf(tree, node), dark);
}

function addRest(rests: Rest[], rest: Rest): void {
  const last = rests[rests.length - 1];
  if (last?.parent !== rest.parent) {
    rests.push(rest);
    return;
  }
  last.width = rest.x + rest.width - last.x;
  ++last.frames;
}

// All frames to draw, top to bottom and left to right, and what is too narrow.
function layout(scene: Scene, width: number, height: number): { found: Box[]; rests: Rest[] } {
  const { tree } = scene;
  const scale = width / Math.max(1, scene.until - scene.from);
  const found: Box[] = [];
  const rests: Rest[] = [];
  for (let i = 0; i < tree.size; ) {
    const left = (tree.start[i]! - scene.from) * scale;
    const right = left + tree.width[i]! * scale;
    const y = (scene.bottom === undefined ? tree.depth[i]! * kRow : scene.bottom - tree.depth[i]! * kRow) - scene.top;
    const seen = y + kRow > 0 && y < height;
    const outside = right <= 0 || left >= width || (scene.bottom === undefined ? y >= height : y + kRow <= 0);
    if (outside || right - left < kSkip) {
      if (!outside && seen) addRest(rests, { node: i, parent: tree.parent[i]!, frames: 1, x: Math.max(0, left), y, width: right - left });
      i = tree.end[i]!;
      continue;
    }
    const x = Math.max(0, left);
    if (seen) found.push({ node: i, x, y, width: Math.min(width, right) - x });
    ++i;
  }
  return { found, rests };
}

export function boxes(scene: Scene, width: number, height: number): Box[] {
  return layout(scene, width, height).found;
}

// Each in the light and in the dark; a canvas knows nothing of the page's own colours.
const kInk = ["#12191e", "#f4f7f9"] as const;
const kFaintInk = ["#5f6c76", "#8d9aa5"] as const;
const kFaint = ["#eaeff2", "#1f272d"] as const;
const kHatch = ["rgb(0 0 0 / .08)", "rgb(255 255 255 / .09)"] as const;
const kHit = ["#a87b00", "#f2d16b"] as const;
// How much is left of what a search does not find.
const kColdFill = 0.26;
const kColdText = 0.55;

function inLook(colours: readonly [string, string], look: Look): string {
  return colours[look.dark ? 1 : 0];
}

// Drops leading qualifiers while enough of the name stays, else cuts its end.
function fit(text: string, room: number, unknown: boolean): string {
  if (text.length <= room) return text;
  if (unknown) return room < 20 ? text.slice(0, 9) : `${text.slice(0, room - 1)}…`;
  if (room >= 13) {
    for (const cut of text.matchAll(/[.:/]+(?=[\w~<])/g)) {
      const rest = text.slice(cut.index + cut[0].length);
      if (rest.length + 1 <= room && rest.length >= 3) return `…${rest}`;
    }
  }
  return `${text.slice(0, room - 1)}…`;
}

function hatch(g: CanvasRenderingContext2D, box: Box, width: number, look: Look): void {
  g.save();
  g.beginPath();
  g.rect(box.x, box.y, width, kRow - 1);
  g.clip();
  g.strokeStyle = inLook(kHatch, look);
  g.lineWidth = 2;
  g.beginPath();
  for (let x = box.x - kRow; x < box.x + width + kRow; x += 7) {
    g.moveTo(x, box.y + kRow);
    g.lineTo(x + kRow, box.y);
  }
  g.stroke();
  g.restore();
}

function isCold({ hits }: Scene, node: number): boolean {
  return hits !== null && node > 0 && !hits.hit[node];
}

function opacity(scene: Scene, node: number): number {
  if (scene.focus > 0 && node < scene.focus) return 0.55; // only ancestors of the focus are drawn before it
  if (isCold(scene, node)) return kColdFill;
  return 1;
}

// In characters.
function roomIn(box: Box, charWidth: number): number {
  return Math.floor((box.width - kInset - 3) / charWidth);
}

// With a gap to the next, where that leaves something.
function drawnWidth(box: Box): number {
  return box.width > 3 ? box.width - 1 : box.width;
}

function drawText(g: CanvasRenderingContext2D, scene: Scene, box: Box, look: Look, charWidth: number): void {
  const unknown = kindOf(scene.tree, box.node) === "unknown";
  const room = roomIn(box, charWidth);
  if (room < (unknown ? 9 : 3)) return;
  const title = box.node === 0 ? scene.rootTitle : titleOf(scene.tree, box.node);
  g.globalAlpha = isCold(scene, box.node) ? kColdText : 1;
  g.fillStyle = inLook(kInk, look);
  g.fillText(fit(title, room, unknown), box.x + kInset, box.y + kRow / 2);
}

function drawRest(g: CanvasRenderingContext2D, scene: Scene, rest: Rest, look: Look, charWidth: number): void {
  if (rest.width < kLeast) return;
  g.globalAlpha = scene.hits ? kColdFill : 1;
  g.fillStyle = inLook(kFaint, look);
  g.fillRect(rest.x, rest.y, drawnWidth(rest), kRow - 1);
  const text = `${rest.frames} frames too narrow to draw`;
  const room = roomIn(rest, charWidth);
  if (room < 9) return;
  g.globalAlpha = scene.hits ? kColdText : 1;
  g.fillStyle = inLook(kFaintInk, look);
  g.fillText(fit(text, room, true), rest.x + kInset, rest.y + kRow / 2);
}

function edge(g: CanvasRenderingContext2D, box: Box, width: number, look: Look, line: number, alpha: number): void {
  g.globalAlpha = alpha;
  g.strokeStyle = inLook(kInk, look);
  g.lineWidth = line;
  g.strokeRect(box.x + line / 2, box.y + line / 2, Math.max(1, width - line), kRow - 1 - line);
}

export function draw(g: CanvasRenderingContext2D, scene: Scene, look: Look, width: number, height: number): Box[] {
  const { tree } = scene;
  const { found: all, rests } = layout(scene, width, height);
  g.clearRect(0, 0, width, height);
  g.font = look.font;
  g.textBaseline = "middle";
  const charWidth = g.measureText("M").width;
  const colours = coloursOf(tree, look.dark);
  const same = scene.hover > 0 ? tree.name[scene.hover] : -1;
  for (const rest of rests) drawRest(g, scene, rest, look, charWidth);
  for (const box of all) {
    const drawn = Math.max(kLeast, drawnWidth(box));
    g.globalAlpha = opacity(scene, box.node);
    g.fillStyle = colours[box.node] ??= colourOf(tree, box.node, look.dark);
    g.fillRect(box.x, box.y, drawn, kRow - 1);
    if (kindOf(tree, box.node) === "unknown" && drawn > 6) hatch(g, box, drawn, look);
    if (scene.hits?.hit[box.node]) {
      g.globalAlpha = 1;
      g.fillStyle = inLook(kHit, look);
      g.fillRect(box.x, box.y + kRow - 4, drawn, 3);
    }
    drawText(g, scene, box, look, charWidth);
    if (box.node === scene.hover || box.node === scene.chosen) edge(g, box, drawn, look, 1.5, 1);
    else if (same === tree.name[box.node]) edge(g, box, drawn, look, 1, 0.4);
  }
  g.globalAlpha = 1;
  return all;
}
