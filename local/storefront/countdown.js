// A countdown to a deadline.

/** Counts down with a monotonic clock, so that a wrong system clock does not matter; returns a function that stops it. */
export function countDown(seconds, signal, tick) {
  const end = performance.now() + seconds * 1000;
  const timer = setInterval(step, 1000);
  const stop = () => clearInterval(timer);
  signal.addEventListener("abort", stop, { once: true });
  step();
  return stop;

  function step() {
    const left = Math.max(0, Math.round((end - performance.now()) / 1000));
    if (left === 0) clearInterval(timer);
    tick(left);
  }
}

export function inWords(seconds) {
  const two = (number) => String(number).padStart(2, "0");
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor(seconds / 60) % 60;
  return hours
    ? `${hours} h ${two(minutes)} min ${two(seconds % 60)} s`
    : `${minutes} min ${two(seconds % 60)} s`;
}
