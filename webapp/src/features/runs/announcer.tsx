import { useEffect, useRef, useState } from "react";
import type { RunDetail } from "@/api/generated";
import * as m from "@/messages/runs";
import { runStatuses, stages as stageNames } from "@/messages/words";

const EVERY_MILLISECONDS = 5000;

function describe({ run, stages }: RunDetail): string {
  if (run.status === "queued") return m.waiting;
  const current = stages.find(({ status }) => status === "running");
  if (current) {
    return m.announcement(stageNames[current.stage], current.done ?? 0, current.total ?? null);
  }
  return run.finished_at ? m.ended(runStatuses[run.status]) : "";
}

/** Tells screen readers how far the run is, at most every five seconds. */
export function Announcer({ detail }: { detail: RunDetail }) {
  const text = describe(detail);
  const [said, setSaid] = useState("");
  const saidAt = useRef(Date.now());
  useEffect(() => {
    if (text === said) return;
    const wait = Math.max(saidAt.current + EVERY_MILLISECONDS - Date.now(), 0);
    const timer = setTimeout(() => {
      saidAt.current = Date.now();
      setSaid(text);
    }, wait);
    return () => clearTimeout(timer);
  }, [text, said]);
  return (
    <p className="visually-hidden" aria-live="polite">
      {said}
    </p>
  );
}
