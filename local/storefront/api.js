// Calls the checkout API by the client of this repository: an answer, or an error whose message is a sentence.

import { ApiError, createClient, readError } from "/client/paidonce.js";

export { ApiError };

/** The API, as `get` and `post`, and as the client for a visitor. */
export function createApi({ apiUrl, token, signal, onLoginEnded }) {
  const buyer = createClient({ apiUrl, token });
  const visitor = createClient({ apiUrl });

  async function call(method, address, { body, headers, anonymous = false } = {}) {
    try {
      const client = anonymous ? visitor : buyer;
      const { data, error, response } = await client[method](address, { body, headers, signal });
      if (!response.ok) throw readError(error, response);
      if (data === undefined) throw new SyntaxError("an empty answer");
      return data;
    } catch (problem) {
      if (problem.name === "AbortError") throw problem;
      const read = readError(problem);
      if (read.status === 401 && token && !anonymous) onLoginEnded?.();
      throw read;
    }
  }

  return {
    visitor,
    get: (address, options) => call("GET", address, options),
    post: (address, body, options) => call("POST", address, { ...options, body }),
  };
}

/** Builds a path with escaped values: path`/orders/${id}`. */
export function path(strings, ...values) {
  return strings.reduce((whole, part, i) => whole + encodeURIComponent(values[i - 1]) + part);
}

export function pause(milliseconds) {
  return new Promise((resolve) => { setTimeout(resolve, milliseconds); });
}
