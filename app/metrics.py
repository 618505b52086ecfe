"""What is counted for Prometheus.

Labels are levels, channels, outcomes: never a person, a number or an id.
"""

from prometheus_client import Counter, Gauge, Histogram

WARNINGS = Counter(
    "jiaoying_warnings_total", "Warnings taken in, by form and disposition", ["form", "disposition"]
)
REFUSED = Counter("jiaoying_refused_total", "Messages refused at the intake, by problem code", ["code"])
OBSERVATIONS = Counter("jiaoying_observations_total", "Observation rows, by outcome", ["outcome"])
SENT = Counter("jiaoying_sends_total", "Calls to gateways, by channel and outcome", ["channel", "outcome"])
SEND_SECONDS = Histogram("jiaoying_send_seconds", "Time of one gateway call", ["channel"])
RECEIPTS = Counter("jiaoying_receipts_total", "Receipts taken in, by channel and state", ["channel", "state"])
RECEIPTS_UNMATCHED = Counter(
    "jiaoying_receipts_unmatched_total", "Receipts for ids we do not know", ["channel"]
)
REPLIES = Counter(
    "jiaoying_replies_total", "Replies taken in, by channel and what became of them", ["channel", "outcome"]
)
ANSWERS = Counter("jiaoying_answers_total", "Answers recorded, by way and rung", ["via", "rung"])
ESCALATIONS = Counter(
    "jiaoying_escalations_total", "Steps of the chain taken, by level and who", ["level", "who"]
)
NUMBER_LOCK = Counter(
    "jiaoying_number_lock_total", "Sends refused by the lock between synthetic and real numbers", ["channel"]
)
OPEN_OBLIGATIONS = Gauge(
    "jiaoying_obligations_open", "Obligations neither met nor missed, read when scraped", ["level"]
)
QUEUED = Gauge("jiaoying_deliveries_queued", "Deliveries waiting or in flight, read when scraped", ["level"])
OLDEST_RED = Gauge(
    "jiaoying_oldest_due_red_seconds", "Age of the oldest red delivery that is due, read when scraped"
)
SWEEP_SECONDS = Histogram("jiaoying_sweep_seconds", "Time of one run of a sweep", ["sweep"])
SWEEP_FAILURES = Counter("jiaoying_sweep_failures_total", "Runs of a sweep that failed", ["sweep"])
SILENT = Gauge(
    "jiaoying_silent_seconds",
    "How long a sweep or a lane of senders has been overdue, 0 in time, read when scraped",
    ["name"],
)
HTTP = Counter(
    "jiaoying_http_requests_total",
    "Requests, by route template, method and status",
    ["route", "method", "status"],
)
