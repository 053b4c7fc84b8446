// Search parameters: plain text in the address, typed in the code. What does not fit is dropped, so
// a mistyped address shows the unfiltered page and not an error.

export type RawSearch = Record<string, unknown>;

/** All values stay text: Intercom's ids are digits, and must not become numbers. */
export function parseSearch(text: string): RawSearch {
  return Object.fromEntries(new URLSearchParams(text));
}

export function stringifySearch(search: RawSearch): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(search)) {
    if (value !== undefined && value !== null && value !== "") parameters.set(name, String(value));
  }
  const text = parameters.toString();
  return text ? `?${text}` : "";
}

export const text = (value: unknown): string | undefined =>
  typeof value === "string" && value !== "" ? value : undefined;

/** A whole number that is not negative, as ids and offsets are. */
export function natural(value: unknown): number | undefined {
  const number =
    typeof value === "number" || typeof value === "string" ? Number(value) : Number.NaN;
  return value !== "" && Number.isSafeInteger(number) && number >= 0 ? number : undefined;
}

/** "true" and "false"; anything else is neither. */
export function flag(value: unknown): boolean | undefined {
  if (value === true || value === "true") return true;
  return value === false || value === "false" ? false : undefined;
}

export function oneOf<Choice extends string>(
  value: unknown,
  choices: readonly Choice[],
): Choice | undefined {
  return choices.find((choice) => choice === value);
}

/** A day or a moment, as ISO 8601 has them; a day is its midnight UTC. */
export function moment(value: unknown): string | undefined {
  if (typeof value !== "string" || Number.isNaN(Date.parse(value))) return undefined;
  return new Date(value).toISOString();
}
