import { createLazyRoute } from "@tanstack/react-router";
import { RunScreen } from "./run-screen";

export const Route = createLazyRoute("/w/$workspace/runs/$id")({ component: RunScreen });
