import { createLazyRoute } from "@tanstack/react-router";
import { CostScreen } from "./cost-screen";

export const Route = createLazyRoute("/w/$workspace/cost")({ component: CostScreen });
