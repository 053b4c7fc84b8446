import type { QueryClient } from "@tanstack/react-query";
import { createRootRouteWithContext, createRoute, createRouter } from "@tanstack/react-router";
import { readConversationSearch } from "@/features/conversation/search";
import { readConversationsSearch } from "@/features/conversations/search";
import { readAccuracySearch } from "@/features/evaluation/search";
import { readExplainSearch } from "@/features/explain/search";
import { readTaxonomySearch } from "@/features/taxonomy/search";
import { readThemesSearch } from "@/features/themes/search";
import { readChartSearch } from "@/ui/chart-search";
import { CrashScreen, NotFoundScreen } from "./failure";
import { HomeScreen } from "./home";
import { Root } from "./root";
import { parseSearch, stringifySearch } from "./search";
import { WorkspaceShell } from "./shell";

const rootRoute = createRootRouteWithContext<{ queries: QueryClient }>()({ component: Root });

const homeRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/",
  component: HomeScreen,
});

export const workspaceRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/w/$workspace",
  component: WorkspaceShell,
});

const weekRoute = createRoute({ getParentRoute: () => workspaceRoute, path: "/" }).lazy(() =>
  import("@/features/week/route").then((file) => file.Route),
);

const themesRoute = createRoute({
  getParentRoute: () => workspaceRoute,
  path: "themes",
  validateSearch: readThemesSearch,
}).lazy(() => import("@/features/themes/route").then((file) => file.Route));

const themeRoute = createRoute({
  getParentRoute: () => workspaceRoute,
  path: "themes/$id",
  validateSearch: readChartSearch,
}).lazy(() => import("@/features/theme/route").then((file) => file.Route));

const conversationsRoute = createRoute({
  getParentRoute: () => workspaceRoute,
  path: "conversations",
  validateSearch: readConversationsSearch,
}).lazy(() => import("@/features/conversations/route").then((file) => file.Route));

const conversationRoute = createRoute({
  getParentRoute: () => workspaceRoute,
  path: "conversations/$id",
  validateSearch: readConversationSearch,
}).lazy(() => import("@/features/conversation/route").then((file) => file.Route));

const storiesRoute = createRoute({
  getParentRoute: () => workspaceRoute,
  path: "stories",
}).lazy(() => import("@/features/stories/route").then((file) => file.Route));

const storyRoute = createRoute({
  getParentRoute: () => workspaceRoute,
  path: "stories/$id",
}).lazy(() => import("@/features/story/route").then((file) => file.Route));

const runsRoute = createRoute({
  getParentRoute: () => workspaceRoute,
  path: "runs",
}).lazy(() => import("@/features/runs/route").then((file) => file.Route));

const runRoute = createRoute({
  getParentRoute: () => workspaceRoute,
  path: "runs/$id",
}).lazy(() => import("@/features/runs/run-route").then((file) => file.Route));

const coverageRoute = createRoute({
  getParentRoute: () => workspaceRoute,
  path: "coverage",
  validateSearch: readChartSearch,
}).lazy(() => import("@/features/coverage/route").then((file) => file.Route));

const accuracyRoute = createRoute({
  getParentRoute: () => workspaceRoute,
  path: "accuracy",
  validateSearch: readAccuracySearch,
}).lazy(() => import("@/features/evaluation/route").then((file) => file.Route));

const reviewRoute = createRoute({
  getParentRoute: () => workspaceRoute,
  path: "review",
}).lazy(() => import("@/features/review/route").then((file) => file.Route));

const taxonomyRoute = createRoute({
  getParentRoute: () => workspaceRoute,
  path: "taxonomy",
  validateSearch: readTaxonomySearch,
}).lazy(() => import("@/features/taxonomy/route").then((file) => file.Route));

const taxonomyChangeRoute = createRoute({
  getParentRoute: () => workspaceRoute,
  path: "taxonomy/changes/$id",
}).lazy(() => import("@/features/taxonomy/change-route").then((file) => file.Route));

const explainRoute = createRoute({
  getParentRoute: () => workspaceRoute,
  path: "explain",
  validateSearch: readExplainSearch,
}).lazy(() => import("@/features/explain/route").then((file) => file.Route));

const costRoute = createRoute({
  getParentRoute: () => workspaceRoute,
  path: "cost",
}).lazy(() => import("@/features/cost/route").then((file) => file.Route));

const routeTree = rootRoute.addChildren([
  homeRoute,
  workspaceRoute.addChildren([
    weekRoute,
    themesRoute,
    themeRoute,
    conversationsRoute,
    conversationRoute,
    storiesRoute,
    storyRoute,
    runsRoute,
    runRoute,
    coverageRoute,
    accuracyRoute,
    reviewRoute,
    taxonomyRoute,
    taxonomyChangeRoute,
    costRoute,
    explainRoute,
  ]),
]);

export const makeRouter = (queries: QueryClient) =>
  createRouter({
    routeTree,
    context: { queries },
    parseSearch,
    stringifySearch,
    // What no screen knows, such as a tracker's parameter, never reaches the API.
    search: { strict: true },
    scrollRestoration: true,
    defaultPreload: "intent",
    defaultPreloadStaleTime: 0,
    defaultErrorComponent: CrashScreen,
    defaultNotFoundComponent: NotFoundScreen,
  });

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof makeRouter>;
  }
}
