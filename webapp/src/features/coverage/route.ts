import { createLazyRoute } from "@tanstack/react-router";
import { CoverageScreen } from "./coverage-screen";

export const Route = createLazyRoute("/w/$workspace/coverage")({ component: CoverageScreen });
