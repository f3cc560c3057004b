"""The configuration by which Alertmanager mails the alerts to operations: `ses alertmanager > FILE`."""

from urllib.parse import unquote, urlsplit

import yaml

from shared.settings import SettingsError, settings

PORTS = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}
SUBJECT = '{{ if eq .Status "firing" }}{{ .Alerts.Firing | len }} firing{{ else }}over{{ end }}: {{ .CommonLabels.alertname }} - SES'
TEXT = """{{ range .Alerts }}{{ if eq .Status "firing" }}FIRING{{ else }}OVER{{ end }} since {{ .StartsAt }}
{{ .Annotations.summary }}
What to do: {{ .Annotations.runbook }}

{{ end }}"""


def configuration() -> str:
    """YAML for Alertmanager: one mail per kind of alert, again every four hours while it lasts, and when it is over.

    Goes by the mail server and sender of the settings to SES_OPS_EMAIL; SettingsError where that is not set.
    """
    current = settings()
    if not current.ops_email:
        raise SettingsError("SES_OPS_EMAIL is not set: give the address that operations read, day and night.")
    address = urlsplit(current.smtp_url)
    mail = {
        "smtp_smarthost": f"{address.hostname}:{address.port or PORTS[address.scheme]}",
        "smtp_from": current.mail_from,
        "smtp_hello": current.mail_domain,
        "smtp_require_tls": address.scheme != "smtp",
    }
    if address.username:
        mail |= {"smtp_auth_username": unquote(address.username), "smtp_auth_password": unquote(address.password or "")}
    receiver = {
        "to": current.ops_email,
        "send_resolved": True,
        "headers": {"Subject": SUBJECT, "Auto-Submitted": "auto-generated"},
        "text": TEXT,
        "html": "",
    }
    whole = {
        "global": mail,
        "route": {
            "receiver": "operations",
            "group_by": ["alertname"],
            "group_wait": "30s",
            "group_interval": "5m",
            "repeat_interval": "4h",
        },
        "receivers": [{"name": "operations", "email_configs": [receiver]}],
    }
    return str(yaml.safe_dump(whole, sort_keys=False, allow_unicode=True, width=1000))
