"""
What is made of the template's alarms: a table in `docs/`, and monitors for Datadog.

Beside them stands Datadog's dashboard. All of it is made at the desk by
`make monitoring`; nothing of this folder is deployed.
"""
