import { createLazyRoute } from "@tanstack/react-router";
import { WeekScreen } from "./week-screen";

export const Route = createLazyRoute("/w/$workspace/")({ component: WeekScreen });
