import { useEffect, useState } from "react";
import * as m from "@/messages/controls";
import { Button } from "./button";

interface CopyButtonProps {
  text: () => string;
  label?: string;
}

/** Copies a text, and says so. */
export function CopyButton({ text, label = m.copy }: CopyButtonProps) {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), 2000);
    return () => clearTimeout(timer);
  }, [copied]);
  const copy = async () => {
    await navigator.clipboard.writeText(text());
    setCopied(true);
  };
  return (
    <Button icon={copied ? "check" : "copy"} onClick={copy} aria-live="polite">
      {copied ? m.copied : label}
    </Button>
  );
}
