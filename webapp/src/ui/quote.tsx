import { Link } from "@tanstack/react-router";
import type { Quote } from "@/api/generated";
import { useWorkspace } from "@/app/workspace-context";
import * as m from "@/messages/quotes";
import styles from "./quote.module.css";
import { Time } from "./time";

/** A customer's own words; they open at their place in the conversation. */
export function QuoteItem({ quote }: { quote: Quote }) {
  const { code } = useWorkspace();
  return (
    <li className={styles.item}>
      <figure>
        <Link
          className={styles.link}
          to="/w/$workspace/conversations/$id"
          params={{ workspace: code, id: quote.conversation_id }}
          search={{ message: quote.message_id, from: quote.start, to: quote.end }}
          title={m.openQuote}
        >
          <span className={styles.text} dir="auto">
            {quote.text}
          </span>
        </Link>
        <figcaption className={styles.source}>
          <span>{quote.plan ? m.plan(quote.plan) : m.planUnknown}</span>
          <Time at={quote.said_at} as="day" />
          <span title={m.fitMeaning}>{m.fit(quote.probability)}</span>
        </figcaption>
      </figure>
    </li>
  );
}

export function QuoteList({ quotes }: { quotes: readonly Quote[] }) {
  return (
    <ul className={styles.list}>
      {quotes.map((quote) => (
        <QuoteItem key={quote.evidence_id} quote={quote} />
      ))}
    </ul>
  );
}
