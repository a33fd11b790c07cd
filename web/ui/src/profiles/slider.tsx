// An edge in the timeline, for the keyboard.
import { hasModifier } from "../keys";

interface SliderProps {
  name: string;
  class?: string;
  value: number;
  text: string;
  least: number;
  most: number;
  step: number;
  left: number; // px
  width?: number; // px
  onChange: (value: number) => void;
  onReset?: () => void;
}

const kFar = 10; // steps

// Steps of a key: far with Shift or the page keys, to the ends with Home and End.
function stepsOf({ key, shiftKey }: KeyboardEvent): number | undefined {
  const steps = shiftKey ? kFar : 1;
  switch (key) {
    case "ArrowLeft":
    case "ArrowDown":
      return -steps;
    case "ArrowRight":
    case "ArrowUp":
      return steps;
    case "PageDown":
      return -kFar;
    case "PageUp":
      return kFar;
    case "Home":
      return -Infinity;
    case "End":
      return Infinity;
    default:
      return undefined;
  }
}

export function Slider(props: SliderProps) {
  const { value, least, most } = props;
  const press = (event: KeyboardEvent) => {
    if (hasModifier(event)) return;
    const steps = stepsOf(event);
    if (steps !== undefined) {
      event.preventDefault();
      const next = Math.min(most, Math.max(least, value + steps * props.step));
      if (next !== value) props.onChange(Math.round(next));
    } else if (props.onReset && (event.key === "Delete" || event.key === "Backspace")) {
      event.preventDefault();
      props.onReset();
    }
  };
  return (
    <div
      class={`slider ${props.class ?? ""}`}
      role="slider"
      tabIndex={0}
      aria-label={props.name}
      aria-valuemin={least}
      aria-valuemax={most}
      aria-valuenow={value}
      aria-valuetext={props.text}
      onKeyDown={press}
      style={{ left: `${props.left}px`, width: props.width === undefined ? "" : `${props.width}px` }}
    />
  );
}
