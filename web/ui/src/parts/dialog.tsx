// What stands over a screen until it is closed.
import { type ComponentChildren, Fragment } from "preact";
import type { Loss } from "../api";
import { count } from "../format";
import { Icon } from "./icon";

// A click on what surrounds a dialog is one on the dialog, and so is one on its own edge.
function isBeside({ target, clientX: x, clientY: y }: MouseEvent, dialog: Element): boolean {
  const { left, right, top, bottom } = dialog.getBoundingClientRect();
  return target === dialog && (x < left || x > right || y < top || y > bottom);
}

// Closed by itself, it gives the focus back to what opened it, and then says that it is closed.
export function Dialog({ title, onClose, children }: { title: string; onClose: () => void; children: ComponentChildren }) {
  return (
    <dialog
      class="dialog"
      aria-label={title}
      ref={(element) => {
        if (element && !element.open) element.showModal();
      }}
      onClose={onClose}
      onClick={(event) => {
        if (isBeside(event, event.currentTarget)) event.currentTarget.close();
      }}
    >
      <header>
        <h2>{title}</h2>
        <button type="button" class="button quiet square" aria-label="Close" onClick={(event) => event.currentTarget.closest("dialog")!.close()}>
          <Icon name="close" />
        </button>
      </header>
      {children}
    </dialog>
  );
}

// `keys`: each key and what it does.
export function KeysDialog({ keys, onClose }: { keys: [string, string][]; onClose: () => void }) {
  return (
    <Dialog title="Keyboard" onClose={onClose}>
      <dl class="keys">
        {keys.map(([key, does]) => (
          <Fragment key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{does}</dd>
          </Fragment>
        ))}
      </dl>
    </Dialog>
  );
}

export function LossTable({ losses }: { losses: Loss[] }) {
  return (
    <table>
      <tbody>
        {losses.map(({ reason, meaning, count: lost }) => (
          <tr key={reason}>
            <td class="mono">{reason}</td>
            <td>{meaning}</td>
            <td class="num">{count(lost)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
