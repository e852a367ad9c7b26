"""Why a metric can't be measured, in words: the probes say it in one word, for labels and rules."""

from __future__ import annotations

from collections.abc import Mapping

WORDS: Mapping[str, str] = {
    "timeout": "its source does not answer in time",
    "refused": "its source refuses the connection: nothing is listening there",
    "unreachable": "its source can't be reached",
    "no_route": "no route from here to its source",
    "connect_timeout": "connecting to its source takes too long",
    "descriptors": "the daemon has run out of file descriptors",
    "local_ports": "this machine has no free port for a connection",
    "local": "this machine does not permit the connection",
    "request": "the request can't be sent as it is configured",
    "partial": "its source returned only part of the data",
    "dropped": "its source closes the connection before the answer is complete",
    "protocol": "its source does not answer in valid HTTP",
    "tls": "the TLS handshake with its source fails",
    "tls_client": "its source asks for a client certificate that it accepts",
    "dns": "the host name of its source can't be resolved",
    "url": "the URL of its source can't be used",
    "http_status": "its source answers with an error status",
    "redirect": "its source answers with a redirect",
    "encoding": "its source answers in an encoding that was not requested",
    "too_large": "its source's answer is too large",
    "not_utf8": "its source's answer is not UTF-8",
    "not_json": "its source's answer is not JSON",
    "too_deep": "its source's answer is nested too deep",
    "duplicate_key": "its source's answer has a duplicate key",
    "malformed": "its source's page can't be read",
    "duplicate_series": "its source's page has a duplicate series",
    "bad_histogram": "its histogram can't be read",
    "bad_timestamp": "its source's timestamp can't be read",
    "bad_query": "its source refuses the query",
    "wrong_shape": "its source does not answer in Prometheus' format",
    "no_error_label": "its source's request counter lacks the label that marks errors",
    "no_error_value": "its source writes the status in another form than the configuration selects",
    "no_series": "its source has no such series",
    "counted_twice": "its source counts requests twice",
    "no_value": "its source returns no value for it",
    "not_one_value": "its source returns more than one value, or none",
    "not_a_number": "its source returns no number for it",
    "unusable_value": "its source returns an impossible value",
    "stale": "its source's data is too old",
    "no_histogram": "its source's page has no buckets, so no quantile",
    "ambiguous_preset": "its source's page counts for several libraries, and `preset: auto` can't tell which",
    "more_errors_than_requests": "its source counts more errors than requests",
    "insufficient_traffic": "there were no requests",
    "instances_missing": "fewer than half of its instances answer",
    "baseline": "its source has been read only once so far",
    "counter_reset": "its source's counters were reset",
    "counter_fell": "one of its source's counters went down: maybe several processes answer there",
    "several_processes": "several processes answer at its source's address in turn: see `check` for a remedy",
    "instance_changed": "a different process answers than before",
    "no_sample_yet": "its source has no sample of it yet",
    "not_measured": "no synthetic request has been answered yet",
    "too_many_connections": "the database has no connections left",
    "authentication": "the database refuses the login",
    "insufficient_privilege": "the role lacks permission to read it",
    "unexpected": "reading it failed unexpectedly: see the log",
    "database_error": "the database answers with an error",
}
"""By the probes' words; others are shown as they are."""


def why(reason: str) -> str:
    """In words; "" stays ""."""
    return WORDS.get(reason, reason.replace("_", " "))
