// Why a frame has no name: what happened, what was looked at on this machine, and the one thing that mends it.
import { type NoName, whyUnknown } from "./kinds";
import { type Tree, kindOf, moduleOf, reasonOf, titleOf, whyOf } from "./model";

export function noNameOf(tree: Tree, node: number): NoName | null {
  return kindOf(tree, node) === "unknown" ? whyUnknown(whyOf(tree, node), moduleOf(tree, node), reasonOf(tree, node)) : null;
}

// "it has no .symtab; no debug file: a: …, b: …": one thing a line.
function Found({ text }: { text: string }) {
  return (
    <ul class="found mono">
      {text.split("; ").map((part) => (
        <li key={part}>{part}</li>
      ))}
    </ul>
  );
}

export function Why({ noName }: { noName: NoName }) {
  return (
    <div class="why">
      <div class="warn">Why it has no name</div>
      {noName.what}
      {noName.found && <Found text={noName.found} />}
      <div class="sub">{noName.remedy}</div>
    </div>
  );
}

// Where one frame is looked at closely: the same as in its tooltip, to stay.
export function WhyNote({ tree, node }: { tree: Tree; node: number }) {
  const noName = noNameOf(tree, node);
  if (!noName) return null;
  return (
    <div class="whynote" role="note" aria-label={`Why ${titleOf(tree, node)} has no name`}>
      <Why noName={noName} />
    </div>
  );
}
