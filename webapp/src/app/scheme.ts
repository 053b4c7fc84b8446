import { useSyncExternalStore } from "react";
import { readStored, store } from "@/app/stored";

export const schemes = ["system", "light", "dark"] as const;
export type Scheme = (typeof schemes)[number];

const listeners = new Set<() => void>();
let current: Scheme = "system";

function apply(scheme: Scheme): void {
  current = scheme;
  if (scheme === "system") delete document.documentElement.dataset.scheme;
  else document.documentElement.dataset.scheme = scheme;
}

/** Before the first paint: what was chosen last. */
export const applyStoredScheme = (): void => apply(readStored("scheme", schemes, "system"));

export function chooseScheme(scheme: Scheme): void {
  apply(scheme);
  store("scheme", scheme);
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export const useScheme = (): Scheme => useSyncExternalStore(subscribe, () => current);
