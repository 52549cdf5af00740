// The functions' log lines about a payment.

/** The log lines with this message, each with its invocation. */
export const linesWith = (payment, message) => payment.invocations.flatMap((invocation) =>
  invocation.lines.filter((line) => line.message === message).map((line) => ({ ...line, invocation })));

export const duration = ({ milliseconds, cold_start: cold }) => `${Math.round(milliseconds)} ms${cold ? ", a cold start" : ""}`;
