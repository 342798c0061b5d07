"""How the makers of keys and tokens write them: a name in plain words, and the form as an RE2 pattern."""

from __future__ import annotations

_BEGIN = r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----"
_END = _BEGIN.replace("BEGIN", "END")
KEY_FORMS: tuple[tuple[str, str], ...] = (
    (
        "a private key",
        rf"{_BEGIN}(?:[^-]*-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----|(?:\s*[A-Za-z0-9+/=]{{16,}})*)",
    ),
    ("an AWS access key", r"\b(?:AKIA|ASIA|AROA|AIDA|AGPA|ANPA|ANVA|ABIA|ACCA)[A-Z2-7]{16}\b"),
    ("a GitHub token", r"\b(?:gh[pousr]_[A-Za-z0-9]{20,255}|github_pat_[A-Za-z0-9_]{22,255})\b"),
    ("a GitLab token", r"\bgl(?:pat|ptt|dt|rt|cbt|ft|soat|imt|agent|oas)-[A-Za-z0-9_-]{20,}"),
    ("a key of an AI service", r"\bsk-(?:ant-|proj-|svcacct-|admin-|or-v1-|lf-)?[A-Za-z0-9_-]{16,}"),
    ("a key of an AI service", r"\b(?:hf_|gsk_|r8_|xai-|pplx-)[A-Za-z0-9]{20,}|\bnvapi-[A-Za-z0-9_-]{20,}"),
    ("a Slack token", r"\bxox[abceoprs]-[A-Za-z0-9-]{10,}|\bxapp-\d-[A-Za-z0-9-]{10,}"),
    ("a Slack address that takes messages", r"hooks\.slack\.com/(?:services|workflows)/[A-Za-z0-9/+_-]{20,}"),
    ("a Stripe key", r"\b(?:sk|rk|pk)_(?:live|test)_[A-Za-z0-9]{10,}|\bwhsec_[A-Za-z0-9+/=]{20,}"),
    ("a Google API key", r"\bAIza[A-Za-z0-9_-]{35}|\bya29\.[A-Za-z0-9_-]{20,}|\bGOCSPX-[A-Za-z0-9_-]{20,}"),
    ("a JSON web token", r"\beyJ[A-Za-z0-9_-]{6,}\.eyJ[A-Za-z0-9_-]{6,}(?:\.[A-Za-z0-9_-]*)?"),
    ("a SendGrid key", r"\bSG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}"),
    ("a Twilio key", r"\b(?:SK|AC)[0-9a-f]{32}\b"),
    ("a package registry token", r"\b(?:npm_[A-Za-z0-9]{30,}|pypi-[A-Za-z0-9_-]{40,}|rubygems_[0-9a-f]{40,})"),
    ("a Docker token", r"\bdckr_pat_[A-Za-z0-9_-]{20,}"),
    ("a cloud token", r"\b(?:do[opr]_v1_[0-9a-f]{40,}|dapi[0-9a-f]{32}|hvs\.[A-Za-z0-9_-]{20,}|key-[0-9a-f]{32})"),
    ("a Shopify or Square token", r"\b(?:shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}|sq0[a-z]{3}-[A-Za-z0-9_-]{22,})"),
    ("a token of a work tool", r"\b(?:lin_api_[A-Za-z0-9]{30,}|ntn_[A-Za-z0-9]{30,}|PMAK-[0-9a-f-]{50,})"),
    ("an age secret key", r"\bAGE-SECRET-KEY-1[A-Z0-9]{50,}"),
    ("a bot token", r"\b\d{8,10}:AA[A-Za-z0-9_-]{33}\b"),
    ("a bot token", r"\b[MNO][A-Za-z0-9_-]{23,27}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27,40}"),
    ("a key of a storage account", r"(?i:AccountKey|SharedAccessKey|SharedAccessSignature|sig)=([A-Za-z0-9+/%]{30,})"),
    ("a bearer token", r"(?i:\b(?:bearer|authorization: ?basic|authorization: ?token))\s+([A-Za-z0-9._~+/=-]{16,})"),
    ("a password in an address", r"://[^\s/:@\[\]]*:([^\s/@\[\]]+)@"),
)
