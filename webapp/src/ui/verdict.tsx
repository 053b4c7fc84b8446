import type { Driver } from "@/api/generated";
import { verdictMeanings, verdicts } from "@/messages/change";
import { Badge, type Tone } from "./badge";
import type { IconName } from "./icons";

const looks: Record<Driver["verdict"], { tone: Tone; icon: IconName }> = {
  rising: { tone: "rise", icon: "rising" },
  new: { tone: "fresh", icon: "fresh" },
  falling: { tone: "fall", icon: "falling" },
  unclear: { tone: "plain", icon: "unclear" },
};

export function Verdict({ verdict }: { verdict: Driver["verdict"] }) {
  return (
    <Badge {...looks[verdict]} title={verdictMeanings[verdict]}>
      {verdicts[verdict]}
    </Badge>
  );
}
