import { createLazyRoute } from "@tanstack/react-router";
import { ChangeScreen } from "./change-screen";

export const Route = createLazyRoute("/w/$workspace/taxonomy/changes/$id")({
  component: ChangeScreen,
});
