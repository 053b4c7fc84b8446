/** A choice that this browser remembers; without storage it lasts as long as the page. */
export function readStored<Value extends string>(
  key: string,
  allowed: readonly Value[],
  fallback: Value,
): Value {
  try {
    const found = window.localStorage.getItem(`earmark.${key}`);
    return allowed.find((value) => value === found) ?? fallback;
  } catch {
    return fallback; // storage is switched off in this browser
  }
}

export function store(key: string, value: string): void {
  try {
    window.localStorage.setItem(`earmark.${key}`, value);
  } catch {
    // storage is switched off or full: the choice is not remembered, and nothing else is lost
  }
}

/** A text that this browser remembers. */
export function readText(key: string, fallback: string): string {
  try {
    return window.localStorage.getItem(`earmark.${key}`) ?? fallback;
  } catch {
    return fallback; // storage is switched off in this browser
  }
}
