"""Why a metric can't be measured, in words: the probes say it in one word, for labels and rules."""

from __future__ import annotations

from collections.abc import Mapping

WORDS: Mapping[str, str] = {
    "timeout": "its source does not answer in time",
    "refused": "its source refuses the connection: nothing listens there",
    "unreachable": "its source can't be reached",
    "no_route": "no route leads from here to its source",
    "connect_timeout": "its source can't be connected to in time",
    "descriptors": "the daemon has no file descriptor left",
    "local_ports": "this machine has no free port for a connection",
    "local": "this machine does not let a connection be made",
    "request": "the request can't be sent as it is configured",
    "partial": "its source answers with a part of what there is",
    "dropped": "its source closes the connection before the answer is complete",
    "protocol": "its source does not answer in valid HTTP",
    "tls": "the TLS handshake with its source fails",
    "tls_client": "its source asks for a client certificate that it accepts",
    "dns": "the host name of its source can't be resolved",
    "url": "the URL of its source can't be used",
    "http_status": "its source answers with an error status",
    "redirect": "its source answers with a redirect",
    "encoding": "its source answers in an encoding that was not asked for",
    "too_large": "its source answers with too much",
    "not_utf8": "its source's answer is not UTF-8",
    "not_json": "its source's answer is not JSON",
    "too_deep": "its source's answer is nested too deep",
    "duplicate_key": "its source's answer has a key twice",
    "malformed": "its source's page can't be read",
    "duplicate_series": "its source's page has a series twice",
    "bad_histogram": "its histogram can't be read",
    "bad_timestamp": "its source's time can't be read",
    "bad_query": "its source refuses the query",
    "wrong_shape": "its source does not answer as Prometheus does",
    "no_error_label": "its source's requests have not the label by which errors are told",
    "no_error_value": "its source writes the status otherwise than its errors are selected",
    "no_series": "its source has no such series",
    "counted_twice": "its source counts requests twice",
    "no_value": "its source gives no value for it",
    "not_one_value": "its source gives more or less than one value",
    "not_a_number": "its source gives no number for it",
    "unusable_value": "its source gives a value that can't be right",
    "stale": "what its source says is too old",
    "no_histogram": "its source's page has no buckets, so no quantile",
    "ambiguous_preset": "its source's page counts for several libraries, and `preset: auto` can't tell which",
    "more_errors_than_requests": "its source counts more errors than requests",
    "insufficient_traffic": "nobody asked anything",
    "instances_missing": "fewer than half of its instances answer",
    "baseline": "its source was read only once so far",
    "counter_reset": "its source's counters began anew",
    "counter_fell": "one of its source's counters fell: whether one process answers there is not known yet",
    "several_processes": "several processes answer at its source's address in turn: `check` says what to do",
    "instance_changed": "another process answers than before",
    "no_sample_yet": "its source has no sample of it yet",
    "not_measured": "no request of ours was answered yet",
    "too_many_connections": "the database has no connection left",
    "authentication": "the database refuses the login",
    "insufficient_privilege": "the role may not read it",
    "unexpected": "reading it failed in a way that nobody foresaw: the log says where",
    "database_error": "the database answers with an error",
}
"""By the probes' words; others are shown as they are."""


def why(reason: str) -> str:
    """In words; "" stays ""."""
    return WORDS.get(reason, reason.replace("_", " "))
