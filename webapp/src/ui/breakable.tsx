import { Fragment } from "react";

/** An address that breaks where a reader would break it: before "@" and ".", after "/". */
export function Breakable({ text }: { text: string }) {
  return text.split(/(?=[@.])|(?<=\/)(?!\/)/).map((part, at) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: the pieces of one text keep their places
    <Fragment key={at}>
      {at > 0 && <wbr />}
      {part}
    </Fragment>
  ));
}
