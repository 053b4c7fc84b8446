// Finding one's way between the text and what was understood of it.

export const messageAnchor = (id: string): string => `message-${id}`;
export const issueAnchor = (id: number): string => `issue-${id}`;
export const markAnchor = (evidenceId: number): string => `mark-${evidenceId}`;
export const facetsAnchor = "facets";

/** Show an element in the middle of the screen and give it the focus. */
export function goTo(anchor: string): void {
  const element = document.getElementById(anchor);
  element?.scrollIntoView({ block: "center" });
  element?.focus({ preventScroll: true });
}

/** Show the quote of the address, once the router has set the scroll position of the new page. */
export function showQuote(list: HTMLElement | null): () => void {
  let frame = requestAnimationFrame(() => {
    frame = requestAnimationFrame(() => {
      const quote = list?.querySelector<HTMLElement>("[data-target]");
      quote?.scrollIntoView({ block: "center" });
      quote?.closest("article")?.focus({ preventScroll: true });
    });
  });
  return () => cancelAnimationFrame(frame);
}

/** The message after (1) or before (-1) the one that has the focus; the first if none has. */
export function neighbour(list: HTMLElement | null, step: number): HTMLElement | undefined {
  const messages = [...(list?.querySelectorAll<HTMLElement>("article") ?? [])];
  const at = messages.findIndex((message) => message.contains(document.activeElement));
  return at < 0 ? messages[0] : messages[at + step];
}
