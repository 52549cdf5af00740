// Calls the checkout API: adds the token, reads the answer, turns every refusal into a sentence.

const TIMEOUT_MS = 35_000; // a little more than the gateway waits for a function

export class ApiError extends Error {
  constructor(sentence, { status = 0, code, requestId, retryAfter } = {}) {
    super(sentence);
    this.name = "ApiError";
    this.sentence = sentence;
    this.status = status;
    this.code = code;
    this.requestId = requestId;
    this.retryAfter = retryAfter;
  }

  /** Whether the same request may go through a little later. */
  get passing() {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

const SENTENCES = {
  401: "Your login has ended. Please log in again.",
  403: "You are not allowed to do this.",
  404: "This does not exist, or it is not yours.",
  429: "Too many requests. Please wait a moment and try again.",
};

/** The sentence a refusal is shown as: the API's own where it wrote one, the gateway has no sentences. */
export function sentenceFor(status, answer) {
  if (typeof answer?.error !== "string" || !answer.error) {
    return SENTENCES[status] ?? "Something went wrong on our side. Please try again.";
  }
  const fields = (answer.fields ?? []).map(({ field, problem }) => `${field}: ${problem}`).join("; ");
  return fields ? `${answer.error} (${fields})` : answer.error;
}

export function createApi({ apiUrl, token, signal, onLoginEnded }) {
  const base = apiUrl.replace(/\/$/, "");

  async function call(method, path, { body, headers, anonymous = false } = {}) {
    const patience = AbortSignal.timeout(TIMEOUT_MS);
    let response;
    let answer;
    try {
      response = await fetch(base + path, {
        method,
        headers: {
          ...(body === undefined ? {} : { "Content-Type": "application/json" }),
          ...(token && !anonymous ? { Authorization: `Bearer ${token}` } : {}),
          ...headers,
        },
        body: body === undefined ? undefined : JSON.stringify(body),
        cache: "no-store",
        signal: signal ? AbortSignal.any([signal, patience]) : patience,
      });
      answer = await response.json().catch((problem) => {
        if (problem instanceof SyntaxError) return undefined;
        throw problem;
      });
    } catch (problem) {
      if (problem.name === "AbortError") throw problem;
      throw new ApiError(problem.name === "TimeoutError"
        ? "The shop took too long to answer. Please try again."
        : "The shop cannot be reached. Please check your connection and try again.");
    }
    if (response.ok) {
      if (answer === undefined) throw new ApiError("The shop gave an answer that cannot be read.", { status: 502 });
      return answer;
    }
    if (response.status === 401 && token && !anonymous) onLoginEnded?.();
    throw new ApiError(sentenceFor(response.status, answer), {
      status: response.status,
      code: answer?.code,
      requestId: answer?.request_id,
      retryAfter: Number.parseInt(response.headers.get("Retry-After"), 10) || undefined,
    });
  }

  return {
    get: (path, options) => call("GET", path, options),
    post: (path, body, options) => call("POST", path, { ...options, body }),
  };
}

/** Fills a path's blanks, escaped: path`/orders/${id}`. */
export function path(strings, ...values) {
  return strings.reduce((whole, part, i) => whole + encodeURIComponent(values[i - 1]) + part);
}

/** A pause that ends early, with an AbortError, when its page is rendered anew. */
export function pause(milliseconds, signal) {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    if (signal?.aborted) {
      reject(signal.reason);
      return;
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, milliseconds);
    signal?.addEventListener("abort", stop, { once: true });
  });
}

/**
 * Asks again, ever more slowly, until `ask` gives something; nothing when patience runs out.
 * Failures that may pass are asked again too, the last one is thrown.
 */
export async function askUntil(ask, { signal, patienceMs = 90_000, firstMs = 700, slowestMs = 8_000 } = {}) {
  let waited = 0;
  let wait = firstMs;
  for (;;) {
    let problem;
    try {
      const answer = await ask();
      if (answer) return answer;
    } catch (failure) {
      if (!failure.passing) throw failure;
      problem = failure;
    }
    const next = Math.max(wait, (problem?.retryAfter ?? 0) * 1000);
    if (waited + next > patienceMs) {
      if (problem) throw problem;
      return undefined;
    }
    await pause(next, signal);
    waited += next;
    wait = Math.min(wait * 1.6, slowestMs);
  }
}
