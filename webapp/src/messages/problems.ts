export const noAnswer = "Earmark does not answer.";
export const noAnswerDetail = "The server may have been stopped, or this machine is offline.";
export const noAnswerFix = "Start it with `earmark serve`, then try again.";
export const oddAnswer = (status: number): string =>
  `The server answered with ${status} and no explanation.`;
export const retryFix = "Try again; if it stays, look at the server's log.";
export const stale = "This could not be brought up to date; what you see is from before.";
export const retry = "Try again";
export const requestId = "Request id";
export const crashed = "This page failed.";
export const crashedDetail = "It is a defect of Earmark's web app; your data is not affected.";
export const crashedFix = "Reload the page. If it happens again, report it with the text below.";
export const reload = "Reload";
export const notFoundTitle = "Page not found";
export const notFoundDetail = "There is no page at this address.";
export const home = "Go to the first page";
