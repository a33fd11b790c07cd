// What of the graph its box shows: pixels and the graph's own places.
import type { Box, Scene } from "./scene";
import type { Point } from "./spot";

export const kMargin = 24; // px around the graph
export const kLeastScale = 0.08;
export const kMostScale = 1.5;
const kTile = 256; // px: what is drawn changes in steps of this
const kLabel = 12; // of what is written beside a line

export interface View {
  left: number;
  top: number;
  width: number;
  height: number;
}

export const kUnseen: View = { left: 0, top: 0, width: 0, height: 0 };

export function viewOf({ scrollLeft, scrollTop, clientWidth, clientHeight }: HTMLElement): View {
  const tile = (value: number) => Math.floor(value / kTile) * kTile;
  return { left: tile(scrollLeft), top: tile(scrollTop), width: clientWidth, height: clientHeight };
}

// As it can be read; a little smaller if it fits then; of a large graph an overview.
export function fittingScale(scene: Scene, view: View): number {
  const across = (view.width - 2 * kMargin) / scene.width;
  const fits = Math.min(across, (view.height - 2 * kMargin) / scene.height);
  if (fits >= 0.9) return Math.min(1, fits);
  return scene.boxes.length > 150 ? Math.max(kLeastScale, Math.min(1, across)) : 1;
}

function touches(view: View, scale: number, from: Point, to: Point): boolean {
  const px = (value: number) => value * scale + kMargin;
  return (
    px(to.x) >= view.left - kTile &&
    px(from.x) <= view.left + view.width + 2 * kTile &&
    px(to.y) >= view.top - kTile &&
    px(from.y) <= view.top + view.height + 2 * kTile
  );
}

export function isBoxIn(view: View, scale: number, box: Box): boolean {
  return touches(view, scale, box, { x: box.x + box.width, y: box.y + box.height });
}

export function isLineIn(view: View, scale: number, points: Point[]): boolean {
  const [xs, ys] = [points.map((point) => point.x), points.map((point) => point.y)];
  const from = { x: Math.min(...xs), y: Math.min(...ys) - kLabel };
  return touches(view, scale, from, { x: Math.max(...xs), y: Math.max(...ys) + kLabel });
}

// The place in the middle of the box.
export function middleOf(element: HTMLElement, scale: number): Point {
  return {
    x: (element.scrollLeft + element.clientWidth / 2 - kMargin) / scale,
    y: (element.scrollTop + element.clientHeight / 2 - kMargin) / scale,
  };
}

export function scrollToMiddle(element: HTMLElement, scale: number, at: Point): void {
  element.scrollTo(at.x * scale + kMargin - element.clientWidth / 2, at.y * scale + kMargin - element.clientHeight / 2);
}

// From where to look at [from, from + size) in a window of `room` that begins at `least`: not from elsewhere without need.
function scrolled(from: number, size: number, least: number, room: number): number {
  if (from < least + 40) return from - 60;
  return from + size > least + room - 40 ? from + size - room + 60 : least;
}

export function reveal(element: HTMLElement, scale: number, box: Box): void {
  const height = Math.min(box.height * scale, element.clientHeight / 2);
  element.scrollTo(
    scrolled(box.x * scale + kMargin, box.width * scale, element.scrollLeft, element.clientWidth),
    scrolled(box.y * scale + kMargin, height, element.scrollTop, element.clientHeight),
  );
}
