import { createLazyRoute } from "@tanstack/react-router";
import { ConversationsScreen } from "./conversations-screen";

export const Route = createLazyRoute("/w/$workspace/conversations")({
  component: ConversationsScreen,
});
