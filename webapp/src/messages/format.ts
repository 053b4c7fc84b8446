// Numbers, dates and plurals as the language of the pages writes them.

export const locale = "en-GB";

const whole = new Intl.NumberFormat(locale, { maximumFractionDigits: 0 });
const compact = new Intl.NumberFormat(locale, { notation: "compact", maximumFractionDigits: 1 });
const tenths = new Intl.NumberFormat(locale, { maximumFractionDigits: 1 });
const oneDecimal = new Intl.NumberFormat(locale, {
  minimumFractionDigits: 1,
  maximumFractionDigits: 1,
});
const hundredths = new Intl.NumberFormat(locale, {
  minimumFractionDigits: 2,
  maximumFractionDigits: 2,
});
const plurals = new Intl.PluralRules(locale);
const lists = new Intl.ListFormat(locale, { type: "conjunction" });
const languages = new Intl.DisplayNames(locale, { type: "language" });
const ages = new Intl.RelativeTimeFormat(locale, { numeric: "auto" });

/** 1234 → "1,234" */
export const count = (value: number): string => whole.format(value);

/** 1234 → "1.2K", for places without room. */
export const short = (value: number): string => compact.format(value);

/** A decimal where it says something: 6.34 → "6.3", 12.4 → "12". */
export const rate = (value: number): string =>
  value >= 10 ? whole.format(value) : tenths.format(value);

/** A mean, where neighbours are compared: 2 → "2.0", 12.4 → "12" */
export const mean = (value: number): string =>
  value === 0 || value >= 10 ? whole.format(value) : oneDecimal.format(value);

/** A factor of a product: 35 → "35", 1.194 → "1.19", 0.6 → "0.60" */
export const factor = (value: number): string =>
  Number.isInteger(value) || value >= 10 ? whole.format(value) : hundredths.format(value);

/** Two decimals, always: 0.7 → "0.70" */
export const precise = (value: number): string => hundredths.format(value);

/** A share of 1 as a percentage; only nothing is 0% and only all is 100%. */
export function percent(share: number): string {
  const value = share * 100;
  if (value > 0 && value < 0.1) return "<0.1%";
  if (value < 100 && value > 99) return ">99%";
  return `${mean(value)}%`;
}

/** How many times as often: 2.24 → "2.2×", 2 → "2.0×", 14.3 → "14×", 0.312 → "0.31×", 1.048 → "1.05×" */
export function times(ratio: number): string {
  if (ratio === 0 || ratio >= 10) return `${whole.format(ratio)}×`;
  // Around 1× it matters on which side a bound is.
  return `${ratio >= 1.1 ? oneDecimal.format(ratio) : hundredths.format(ratio)}×`;
}

/** "3 customers", with the number set as `count` sets it. */
export function amount(value: number, one: string, other: string): string {
  return `${count(value)} ${plurals.select(value) === "one" ? one : other}`;
}

export const plural = (value: number, one: string, other: string): string =>
  plurals.select(value) === "one" ? one : other;

export const joined = (items: readonly string[]): string => lists.format(items);

/** "en" → "English"; a code that nobody knows stays as it is. */
export function languageName(code: string): string {
  try {
    return languages.of(code) ?? code;
  } catch {
    return code; // not a well-formed code
  }
}

const dateStyles = {
  day: { day: "numeric", month: "short", year: "numeric" },
  shortDay: { day: "numeric", month: "short" },
  moment: { day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit" },
  clock: { hour: "2-digit", minute: "2-digit", second: "2-digit" },
} as const satisfies Record<string, Intl.DateTimeFormatOptions>;

export type DateStyle = keyof typeof dateStyles;

const formatters = new Map<string, Intl.DateTimeFormat>();

/** A moment in a time zone, such as the workspace's. */
export function date(iso: string | Date, style: DateStyle, timeZone: string): string {
  const key = `${style} ${timeZone}`;
  let formatter = formatters.get(key);
  if (!formatter) {
    formatter = new Intl.DateTimeFormat(locale, { ...dateStyles[style], timeZone });
    formatters.set(key, formatter);
  }
  return formatter.format(typeof iso === "string" ? new Date(iso) : iso);
}

/** Whether the browser knows a time zone by this name. */
export function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat(locale, { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

const ageUnits: readonly [Intl.RelativeTimeFormatUnit, number][] = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
];

/** "3 hours ago" */
export function age(iso: string, now: number = Date.now()): string {
  const seconds = (now - Date.parse(iso)) / 1000;
  for (const [unit, size] of ageUnits) {
    if (seconds >= size) return ages.format(-Math.floor(seconds / size), unit);
  }
  return ages.format(0, "second");
}

/** "1 h 4 min", "3 min 20 s", "8.4 s" */
export function duration(milliseconds: number): string {
  const seconds = Math.max(milliseconds, 0) / 1000;
  if (seconds < 60) return `${tenths.format(seconds)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${Math.floor(seconds % 60)} s`;
  return `${count(Math.floor(minutes / 60))} h ${minutes % 60} min`;
}

/** "12 kB" */
export function bytes(size: number): string {
  if (size < 1000) return `${count(size)} B`;
  if (size < 1_000_000) return `${rate(size / 1000)} kB`;
  return `${rate(size / 1_000_000)} MB`;
}
