// What is shown, to take away as a file or to send to somebody as a link.
import { useRef, useState } from "preact/hooks";
import { url } from "../ask";
import { between, visible } from "../format";
import { Dialog } from "../parts/dialog";
import type { Stretch } from "./course";
import type { Question } from "./data";

const kForms = [
  { path: "pprof", name: "pprof", use: "for go tool pprof and most servers of profiles" },
  { path: "folded", name: "Folded stacks", use: "a line a stack, for flamegraph.pl and grep" },
  { path: "speedscope", name: "speedscope", use: "for www.speedscope.app" },
];

interface Side extends Stretch {
  service: string;
}

function sides(question: Question): { after: Side; before: Side | null } {
  const { service, from, until, before_service, before_from, before_until } = question;
  const isCompared = before_service !== undefined && before_from !== undefined && before_until !== undefined;
  return { after: { service, from, until }, before: isCompared ? { service: before_service, from: before_from, until: before_until } : null };
}

function Download({ path, question, label, text }: { path: string; question: Question; label: string; text: string }) {
  return (
    <a class="button" href={url(`profiles/${path}`, question)} download aria-label={label}>
      {text}
    </a>
  );
}

function Files({ question, type }: { question: Question; type: string }) {
  const { after, before } = sides(question);
  return (
    <table class="forms">
      <tbody>
        {kForms.map(({ path, name, use }) => (
          <tr key={path}>
            <td>
              <b>{name}</b>
              <div class="dim small">{use}</div>
            </td>
            <td class="num">
              {before && <Download path={path} question={{ ...before, type }} label={`Save before as ${name}`} text="Before" />}{" "}
              <Download path={path} question={{ ...after, type }} label={before ? `Save after as ${name}` : `Save as ${name}`} text={before ? "After" : "Save"} />
            </td>
          </tr>
        ))}
        <tr>
          <td>
            <b>HTML</b>
            <div class="dim small">this graph as one page, which opens anywhere and asks nobody for anything</div>
          </td>
          <td class="num">
            <Download path="html" question={question} label={before ? "Save the comparison as HTML" : "Save as HTML"} text={before ? "Both" : "Save"} />
          </td>
        </tr>
      </tbody>
    </table>
  );
}

// A page that did not come over TLS may not write to the clipboard, but copy what is selected it may.
async function copy(field: HTMLInputElement): Promise<boolean> {
  field.select();
  try {
    await navigator.clipboard.writeText(field.value);
    return true;
  } catch {
    return document.execCommand("copy");
  }
}

function Link({ link }: { link: string }) {
  const field = useRef<HTMLInputElement>(null);
  const [said, setSaid] = useState("");
  const take = async () => setSaid((await copy(field.current!)) ? "Copied." : "The browser did not copy it: the field is selected.");
  return (
    <>
      <div class="sharelink">
        <input ref={field} readOnly value={link} aria-label="Link to what is shown" onFocus={(event) => event.currentTarget.select()} />
        <button type="button" class="button" onClick={() => void take()}>
          Copy
        </button>
      </div>
      <p class="dim small" role="status">
        {said || "Its times stand still: it shows the same until weir drops the profiles."}
      </p>
    </>
  );
}

export function SaveDialog({ question, type, link, onClose }: { question: Question; type: string; link: string; onClose: () => void }) {
  const { after, before } = sides(question);
  const say = (side: Side) => (
    <>
      <b><bdi>{visible(side.service)}</bdi></b>, {between(side.from, side.until)}
    </>
  );
  return (
    <Dialog title="Share or save" onClose={onClose}>
      <p class="sub">
        {before ? <>Before: {say(before)}. After: {say(after)}.</> : <>{say(after)}.</>}
      </p>
      <Link link={link} />
      <Files question={question} type={type} />
      <p class="dim small">The files hold every function of {before ? "these times" : "this time"}, whatever the search or the zoom shows.</p>
    </Dialog>
  );
}
