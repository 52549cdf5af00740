// What the functions said of a payment.

/** The lines of the log with this message, each with the invocation that said it. */
export const said = (story, message) => story.invocations.flatMap((invocation) =>
  invocation.said.filter((line) => line.message === message).map((line) => ({ ...line, invocation })));

export const run = ({ milliseconds, cold_start: cold }) => `${Math.round(milliseconds)} ms${cold ? ", a cold start" : ""}`;
