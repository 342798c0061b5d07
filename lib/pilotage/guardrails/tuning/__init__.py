"""Where the guardrails bite: operating points by cost, caps, held-out checks, drift, rules and regressions."""
