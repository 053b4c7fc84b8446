import { createLazyRoute } from "@tanstack/react-router";
import { RunsScreen } from "./runs-screen";

export const Route = createLazyRoute("/w/$workspace/runs")({ component: RunsScreen });
