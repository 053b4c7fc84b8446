import { useEffect, useRef, useState } from "react";
import { type Live, nothingYet, take } from "./progress";
import { eventKinds, type RunEvent, readEvent } from "./run-event";

/** Four renders a second are enough for the eye. */
const FLUSH_MILLISECONDS = 250;
const MOST_FAILURES = 3;

export type Connection = "live" | "lost" | "ended";

/**
 * Follows the run's events; the browser resumes the stream by the last id after a cut.
 *
 * A finished run's stream tells its whole log and ends.
 */
export function useRunEvents(url: string, finished: boolean): [Live, Connection] {
  const [live, setLive] = useState(nothingYet);
  const [connection, setConnection] = useState<Connection>("live");
  const over = useRef(finished);
  useEffect(() => {
    over.current = over.current || finished;
  }, [finished]);
  useEffect(() => {
    let waiting: RunEvent[] = [];
    const flush = () => {
      const events = waiting;
      waiting = [];
      if (events.length > 0) setLive((now) => events.reduce(take, now));
    };
    const timer = setInterval(flush, FLUSH_MILLISECONDS);
    const close = watch(url, {
      onEvent: (event) => waiting.push(event),
      isOver: () => over.current,
      onClose: (how) => {
        flush();
        setConnection(how);
      },
    });
    return () => {
      clearInterval(timer);
      close();
    };
  }, [url]);
  const ended = live.ended !== null;
  useEffect(() => {
    if (ended) over.current = true;
  }, [ended]);
  return [live, connection];
}

interface Watcher {
  onEvent: (event: RunEvent) => void;
  /** Whether the end of the stream is what is expected. */
  isOver: () => boolean;
  onClose: (how: Connection) => void;
}

function watch(url: string, { onEvent, isOver, onClose }: Watcher): () => void {
  const source = new EventSource(url);
  let failures = 0;
  const end = (how: Connection) => {
    source.close();
    onClose(how);
  };
  const onMessage = (message: Event) => {
    // The run's own events named "error" carry data; those of the connection do not.
    if (!(message instanceof MessageEvent)) return;
    failures = 0;
    const event = readEvent(String(message.data));
    if (event) onEvent(event);
  };
  for (const kind of eventKinds) source.addEventListener(kind, onMessage);
  source.addEventListener("error", (event) => {
    if (event instanceof MessageEvent) return;
    failures += 1;
    if (isOver()) end("ended");
    else if (source.readyState === EventSource.CLOSED || failures >= MOST_FAILURES) end("lost");
  });
  return () => source.close();
}
