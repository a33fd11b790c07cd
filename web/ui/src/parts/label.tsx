// Labels of targets, as lists of them and the way of one show them.
import { visible } from "../format";

// What a discovery says of a target, for rules to use: it is gone where they end.
export function isMeta(name: string): boolean {
  return name.startsWith("__");
}

// Those a person gave first.
export function givenFirst(a: string, b: string): number {
  return Number(isMeta(a)) - Number(isMeta(b));
}

interface LabelProps {
  name: string;
  value: string;
  isWhole?: boolean; // in as many lines as it takes
  title?: string;
}

export function Label({ name, value, isWhole, title }: LabelProps) {
  const classes = ["label", isWhole && "whole", isMeta(name) && "meta"];
  return (
    <span class={classes.filter(Boolean).join(" ")} title={title}>
      {visible(name)}=<b><bdi>{visible(value)}</bdi></b>
    </span>
  );
}
