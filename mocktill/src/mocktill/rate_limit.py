"""A limit to the API calls of each second, which is off at first."""

import threading
import time
from collections import deque
from collections.abc import Callable


class RateLimit:
    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self.per_second: int | None = None
        self._recent: deque[float] = deque()

    def allow(self, per_second: int | None) -> None:
        """Set the calls per second, or None for no limit, and forget past calls."""
        with self._lock:
            self.per_second = per_second
            self._recent.clear()

    def admits(self) -> bool:
        """Count a call and return True, or return False if it is above the limit."""
        with self._lock:
            if self.per_second is None:
                return True
            now = self._clock()
            while self._recent and self._recent[0] <= now - 1:
                self._recent.popleft()
            if len(self._recent) >= self.per_second:
                return False
            self._recent.append(now)
            return True
