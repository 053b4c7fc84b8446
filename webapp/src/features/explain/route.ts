import { createLazyRoute } from "@tanstack/react-router";
import { ExplainScreen } from "./explain-screen";

export const Route = createLazyRoute("/w/$workspace/explain")({ component: ExplainScreen });
