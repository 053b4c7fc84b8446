import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import type { Ceilings } from "@/api/generated";
import { getCostQueryKey, setCeilingsMutation } from "@/api/generated/@tanstack/react-query.gen";
import { useWorkspace } from "@/app/workspace-context";
import * as m from "@/messages/cost";
import { Button } from "@/ui/button";
import { ProblemPanel } from "@/ui/states";
import { TextField } from "@/ui/text-field";
import { readAmount } from "./amount";
import styles from "./cost-screen.module.css";

const fields = [
  { name: "run", label: m.perRun },
  { name: "day", label: m.perDay },
  { name: "total", label: m.inAll },
] as const;

interface CeilingFormProps {
  /** The workspace's own; what is empty is the setting's. */
  own: Ceilings;
  counting: Ceilings;
}

export function CeilingForm({ own, counting }: CeilingFormProps) {
  const { path } = useWorkspace();
  const queries = useQueryClient();
  const [told, setTold] = useState<string | null>(null);
  const change = useMutation({
    ...setCeilingsMutation(),
    onSuccess: () => setTold(m.saved),
    onSettled: () => void queries.invalidateQueries({ queryKey: getCostQueryKey({ path }) }),
  });
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const amounts = fields.map(({ name }) => readAmount(form.get(name)));
    if (amounts.includes(undefined)) {
      setTold(m.bad);
      return;
    }
    const [run, day, total] = amounts;
    change.mutate({ path, body: { run, day, total } });
  };
  return (
    <section aria-labelledby="ceilings">
      <h2 id="ceilings">{m.ceilings}</h2>
      <p className={styles.quiet}>{m.ceilingsNote}</p>
      {change.error && <ProblemPanel error={change.error} />}
      <form className={styles.form} onSubmit={submit}>
        {fields.map(({ name, label }) => (
          <TextField
            key={name}
            label={label}
            name={name}
            inputMode="decimal"
            autoComplete="off"
            defaultValue={own[name] ? String(Number(own[name])) : ""}
            placeholder={counting[name] ? m.usd(counting[name]) : m.noCeiling}
          />
        ))}
        <Button type="submit" disabled={change.isPending}>
          {m.save}
        </Button>
      </form>
      <p role="status" className={styles.quiet}>
        {told}
      </p>
    </section>
  );
}
