/** A sentence of Earmark's own; what stands between backticks is something to type. */
export function Prose({ text }: { text: string }) {
  return text.split("`").map((part, at) =>
    // Every second part was between backticks.
    // biome-ignore lint/suspicious/noArrayIndexKey: the parts of one sentence keep their places
    at % 2 === 1 ? <code key={at}>{part}</code> : part,
  );
}
