import type { components } from "./generated/schema";

/** What programs decide by. It is absent where API Gateway or the network refused. */
export type ErrorCode = components["schemas"]["Error"]["code"];

export interface FieldProblem {
  field: string;
  problem: string;
}

/** Why a request failed. The message is a sentence for the buyer. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  /** The same as `message`. */
  readonly sentence: string;
  /** The HTTP status; 0 if there was no answer. */
  readonly status: number;
  readonly code: ErrorCode | undefined;
  /** Names the request in the logs of the stack. */
  readonly requestId: string | undefined;
  /** Seconds to wait before another try, if the server has said so. */
  readonly retryAfter: number | undefined;
  readonly fields: FieldProblem[];

  constructor(sentence: string, facts: Partial<Omit<ApiError, "sentence" | "temporary">> = {}) {
    super(sentence, { cause: facts.cause });
    this.sentence = sentence;
    this.status = facts.status ?? 0;
    this.code = facts.code;
    this.requestId = facts.requestId;
    this.retryAfter = facts.retryAfter;
    this.fields = facts.fields ?? [];
  }

  /** Whether the same request may succeed in a moment. */
  get temporary(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

const SENTENCES: Record<number, string> = {
  401: "Your login has expired. Please log in again.",
  403: "You are not allowed to do this.",
  404: "This does not exist, or it is not yours.",
  429: "Too many requests. Please wait a moment and try again.",
};

/**
 * Turn what a request failed with into an `ApiError`: what was caught, or the `error` and
 * the `response` of an answer.
 */
export function readError(problem: unknown, response?: Response): ApiError {
  if (problem instanceof ApiError) return problem;
  if (response) return fromAnswer(problem, response);
  const name = problem instanceof Error ? problem.name : "";
  const facts = { cause: problem };
  switch (name) {
    case "TimeoutError":
      return new ApiError("The shop took too long to answer. Please try again.", facts);
    case "TypeError": // fetch throws it when there is no connection
      return new ApiError("The shop cannot be reached. Please check your connection and try again.", facts);
    case "SyntaxError":
      return new ApiError("The shop sent a response that cannot be read.", { ...facts, status: 502 });
    case "AbortError":
      return new ApiError("This was cancelled.", { ...facts, status: 499 });
    default:
      return new ApiError("Something went wrong. Please reload the page and try again.", { ...facts, status: 400 });
  }
}

function fromAnswer(answer: unknown, { status, headers }: Response): ApiError {
  const { error, code, request_id: requestId, fields = [] } =
    (answer ?? {}) as Partial<components["schemas"]["Error"]>;
  const facts = { status, code, requestId, fields, retryAfter: retryAfterOf(headers) };
  if (typeof error !== "string" || !error) {
    // An answer of API Gateway itself has no sentence for people.
    return new ApiError(SENTENCES[status] ?? "Something went wrong on our side. Please try again.", facts);
  }
  const details = fields.map(({ field, problem }) => `${field}: ${problem}`).join("; ");
  return new ApiError(details ? `${error} (${details})` : error, facts);
}

/** Read the header, which the CORS settings of the stack expose. */
function retryAfterOf(headers: Headers): number | undefined {
  return Number.parseInt(headers.get("Retry-After") ?? "", 10) || undefined;
}
