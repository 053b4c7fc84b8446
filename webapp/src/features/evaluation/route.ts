import { createLazyRoute } from "@tanstack/react-router";
import { AccuracyScreen } from "./accuracy-screen";

export const Route = createLazyRoute("/w/$workspace/accuracy")({ component: AccuracyScreen });
