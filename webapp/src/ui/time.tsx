import { useWorkspace } from "@/app/workspace-context";
import * as format from "@/messages/format";

interface TimeProps {
  at: string;
  /** `age` is relative to now; the exact moment is in the tooltip. */
  as?: format.DateStyle | "age";
  /** Weeks and days of the counts are cut at midnight UTC, whatever the workspace's zone. */
  zone?: string;
}

/** A moment, in the workspace's time zone unless another is named. */
export function Time({ at, as = "moment", zone }: TimeProps) {
  const { timeZone } = useWorkspace();
  const used = zone ?? timeZone;
  const exact = `${format.date(at, "moment", used)} (${used})`;
  return (
    <time dateTime={at} title={exact}>
      {as === "age" ? format.age(at) : format.date(at, as, used)}
    </time>
  );
}
