"""Start the command line: `./checkout`, or `checkout` as pipx installs it."""

import os

from cli.app import app


def main() -> None:
    # The commands print errors as sentences; hide the package's log lines.
    os.environ.setdefault("POWERTOOLS_LOG_LEVEL", "CRITICAL")
    os.environ["STRIPE_SUPPRESS_NOTICES"] = "true"
    # Required by the package; metrics counted here are not collected.
    os.environ["METRICS_FORMAT"] = "cloudwatch"
    app(prog_name="checkout")


if __name__ == "__main__":
    main()
