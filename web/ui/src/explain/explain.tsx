// What the running config does with a target: a form, and the way of each that is meant.
import { useEffect, useState } from "preact/hooks";
import type { Explanations } from "../api";
import { count } from "../format";
import { Bones } from "../parts/bones";
import { Search, Segments } from "../parts/fields";
import { Bar, Note } from "../parts/panel";
import { StateBox } from "../parts/states";
import { replaceQuery } from "../route";
import { useExplanations } from "./answer";
import { type Kind, type Question, factsOf, kKinds, questionOf } from "./question";
import { Way } from "./way";

function Form({ question, onAsk }: { question: Question; onAsk: (question: Question) => void }) {
  const [kind, setKind] = useState<Kind>(question.kind);
  const [text, setText] = useState(question.text);
  useEffect(() => {
    setKind(question.kind);
    setText(question.text);
  }, [question.kind, question.text]);
  const choose = (other: Kind) => {
    setKind(other);
    setText(""); // an id of one is none of another
  };
  const send = (event: Event) => {
    event.preventDefault();
    onAsk({ kind, text: text.trim() });
  };
  return (
    <form class="ask" onSubmit={send}>
      <Segments label="What is looked for" choices={kKinds} value={kind} onChange={choose} />
      <Search slash value={text} label={factsOf(kind).field} onChange={setText} />
      <button type="submit" class="button">
        Explain
      </button>
    </form>
  );
}

function Nothing({ answer, question }: { answer: Explanations; question: Question }) {
  const word = factsOf(question.kind).label.toLowerCase();
  return (
    <StateBox title="No component has found such a target.">
      <p>
        {answer.counted
          ? `None of the targets that the components of this config find is of the ${word} “${question.text}”.`
          : answer.cut}
      </p>
      <p>
        What a component finds stands under its exports: <a href="#/components?q=discovery">components that find targets</a>.
      </p>
    </StateBox>
  );
}

function Cut({ answer }: { answer: Explanations }) {
  const isMore = answer.found > answer.targets.length;
  if (!isMore && !answer.cut) return null;
  const found = `${answer.counted ? "" : "At least "}${count(answer.found)} targets match`;
  return (
    <Note state="waiting" title={isMore ? `${found}; the first ${answer.targets.length} are shown.` : "This is not all."}>
      <p>{answer.cut || "More labels choose fewer."}</p>
    </Note>
  );
}

function Start() {
  return (
    <StateBox title="What becomes of a target?">
      <p>
        Name a process, a container or labels. weir says which component found it, what each rule of the config did with it and why,
        and which components use it in the end, under which labels.
      </p>
      <p>A config that does not run yet is asked on the command line:</p>
      <pre class="command">weir explain targets --pid 1 config.river</pre>
    </StateBox>
  );
}

export function ExplainScreen({ query }: { query: URLSearchParams }) {
  const question = questionOf(query);
  const [times, setTimes] = useState(0);
  const { answer, error } = useExplanations(question, String(times));
  const ask = ({ kind, text }: Question) => {
    replaceQuery({ pid: undefined, container: undefined, labels: undefined, [kind]: text });
    setTimes(times + 1);
  };
  return (
    <>
      <Bar back="#/targets" title="Explain a target">
        <Form question={question} onAsk={ask} />
      </Bar>
      {!question.text && <Start />}
      {error && (
        <StateBox title="That cannot be answered." state="unhealthy">
          <p role="alert">{error}</p>
        </StateBox>
      )}
      {question.text && !answer && !error && <Bones rows={2} shape="panels" />}
      {answer && answer.targets.length === 0 && <Nothing answer={answer} question={question} />}
      {answer && answer.targets.length > 0 && (
        <div class="page">
          <Cut answer={answer} />
          {answer.targets.map((way, index) => (
            <Way key={index} way={way} open={index === 0} />
          ))}
        </div>
      )}
    </>
  );
}
