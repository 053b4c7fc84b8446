import { useEffect, useRef, useSyncExternalStore } from "react";
import { readStored, store } from "@/app/stored";

/** What keys do on a screen: "j", "?", "Enter", or two in a row, such as "g t". */
export type Shortcuts = Readonly<Record<string, () => void>>;

const SEQUENCE_MILLISECONDS = 1200;
const stack: { current: Shortcuts }[] = [];
const listeners = new Set<() => void>();
let enabled = true;
let pending = "";
let pendingSince = 0;

const typingSelector =
  "input, textarea, select, [contenteditable='true'], [role='textbox'], dialog[open]";

/** Whether a key press belongs to what the person is doing, such as typing. */
function isTaken(event: KeyboardEvent): boolean {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return true;
  return event.target instanceof Element && event.target.closest(typingSelector) !== null;
}

function find(keys: string): (() => void) | undefined {
  return stack.findLast((entry) => keys in entry.current)?.current[keys];
}

function startsSequence(key: string): boolean {
  return stack.some((entry) =>
    Object.keys(entry.current).some((keys) => keys.startsWith(`${key} `)),
  );
}

function onKeyDown(event: KeyboardEvent): void {
  if (!enabled || isTaken(event) || document.querySelector("dialog:modal")) return;
  const fresh = event.timeStamp - pendingSince < SEQUENCE_MILLISECONDS;
  const keys = pending && fresh ? `${pending} ${event.key}` : event.key;
  const action = find(keys);
  pending = !action && startsSequence(keys) ? keys : "";
  pendingSince = event.timeStamp;
  if (action) {
    event.preventDefault();
    action();
  }
}

/** Shortcuts for as long as the component is shown; the latest mounted wins. */
export function useShortcuts(shortcuts: Shortcuts): void {
  const entry = useRef(shortcuts);
  useEffect(() => {
    entry.current = shortcuts;
  });
  useEffect(() => {
    if (stack.length === 0) window.addEventListener("keydown", onKeyDown);
    stack.push(entry);
    return () => {
      stack.splice(stack.indexOf(entry), 1);
      if (stack.length === 0) window.removeEventListener("keydown", onKeyDown);
    };
  }, []);
}

export function readShortcutSetting(): void {
  enabled = readStored("shortcuts", ["on", "off"], "on") === "on";
}

/** Single-letter keys may be switched off (WCAG 2.1.4): speech input can trigger them. */
export function setShortcutsEnabled(wanted: boolean): void {
  enabled = wanted;
  store("shortcuts", wanted ? "on" : "off");
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export const useShortcutsEnabled = (): boolean => useSyncExternalStore(subscribe, () => enabled);
