/** US dollars as somebody types them; null for an empty field, undefined for what is no amount. */
export function readAmount(value: FormDataEntryValue | null): string | null | undefined {
  const text = typeof value === "string" ? value.trim().replace(/^\$\s*/, "") : "";
  if (text === "") return null;
  return /^\d{1,6}(?:\.\d{1,8})?$/.test(text) ? text : undefined;
}
