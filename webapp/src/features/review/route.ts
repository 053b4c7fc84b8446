import { createLazyRoute } from "@tanstack/react-router";
import { ReviewScreen } from "./review-screen";

export const Route = createLazyRoute("/w/$workspace/review")({ component: ReviewScreen });
