import { QueryClient } from "@tanstack/react-query";
import { client } from "@/api/generated/client.gen";
import { fromRequest, ShownProblem } from "@/api/problem";

const MOST_RETRIES = 2;

/** The query cache, and a client whose every failure is a `ShownProblem`. */
export function createApi(): QueryClient {
  client.setConfig({ baseUrl: "", throwOnError: true });
  client.interceptors.error.use((error, response) => fromRequest(error, response));
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 30_000,
        retry: (failures, error) =>
          failures < MOST_RETRIES && error instanceof ShownProblem && error.mayPass,
        retryDelay: (attempt) => 500 * 2 ** attempt,
      },
    },
  });
}
