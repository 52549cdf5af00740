// Calls the checkout API: adds the token, reads the response, turns every error into a sentence.

const TIMEOUT_MS = 35_000; // longer than API Gateway waits for a function

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

  /** Whether the same request may succeed later. */
  get temporary() {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

const SENTENCES = {
  401: "Your login has expired. Please log in again.",
  403: "You are not allowed to do this.",
  404: "This does not exist, or it is not yours.",
  429: "Too many requests. Please wait a moment and try again.",
};

/** The sentence for an error response: the API's own if there is one; API Gateway sends none. */
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
    const timeout = AbortSignal.timeout(TIMEOUT_MS);
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
        signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
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
      if (answer === undefined) throw new ApiError("The shop sent a response that cannot be read.", { status: 502 });
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

/** Builds a path with escaped values: path`/orders/${id}`. */
export function path(strings, ...values) {
  return strings.reduce((whole, part, i) => whole + encodeURIComponent(values[i - 1]) + part);
}

/** Waits; rejects with an AbortError when the signal is aborted. */
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
 * Calls `read` with growing pauses until it returns a value; returns undefined at the timeout.
 * Retries after temporary errors too; at the timeout it throws the last one.
 */
export async function poll(read, { signal, timeoutMs = 90_000, firstMs = 700, slowestMs = 8_000 } = {}) {
  let waited = 0;
  let wait = firstMs;
  for (;;) {
    let problem;
    try {
      const value = await read();
      if (value) return value;
    } catch (failure) {
      if (!failure.temporary) throw failure;
      problem = failure;
    }
    const next = Math.max(wait, (problem?.retryAfter ?? 0) * 1000);
    if (waited + next > timeoutMs) {
      if (problem) throw problem;
      return undefined;
    }
    await pause(next, signal);
    waited += next;
    wait = Math.min(wait * 1.6, slowestMs);
  }
}
