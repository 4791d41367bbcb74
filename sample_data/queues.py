"""The task queues of the company and of those it works with."""

COMPANY_QUEUE = "service-requests"
CLAIMS_QUEUE = "claims"
VENDOR_QUEUE = "vendor"
PAYMENTS_QUEUE = "payments"
ABROAD_QUEUE = "payments-abroad"
