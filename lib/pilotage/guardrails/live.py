"""The guard as it is live today, as page 03 looks at it."""

from __future__ import annotations

from pilotage.guardrails.guard import Guard, load
from pilotage.page import Page


def live(page: Page) -> Guard:
    """The guard of playbook/guardrails.yaml; the page then also depends on the files that the policy names.

    InputFaults with every reason why the policy cannot be followed.
    """
    policy, prompts = page.playbook.guardrails, page.workspace.playbook / "prompts"
    models = [page.workspace.root / setting.model for setting in policy.detectors if setting.model]
    layer = policy.system_prompt
    for path in [*models, *([prompts / layer.prompt, prompts / layer.cases] if layer else [])]:
        page.opened.file(path)
    return load(page.workspace, policy)
