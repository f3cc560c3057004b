"""The container files, checked without an engine: compose against its schema, the Dockerfile by hadolint, Caddy by Caddy."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.secrets import new, write_files
from shared import acl
from shared.events import EVENTS
from shared.settings import SERVICES, Settings

ROOT = Path(__file__).parent.parent.parent
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
CONTAINERS: dict[str, dict[str, Any]] = COMPOSE["services"]


def program(name: str) -> str:
    return str(Path(sys.executable).parent / name)


def run(*command: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=ROOT, env={**os.environ, **env}, capture_output=True, text=True, check=False)


def test_compose_follows_its_schema() -> None:
    checked = run(program("check-jsonschema"), "--builtin-schema", "vendor.compose-spec", "docker-compose.yml")
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_a_misspelt_key_of_compose_is_found(tmp_path: Path) -> None:
    text = (ROOT / "docker-compose.yml").read_text().replace("condition: service_healthy", "conditoin: service_healthy")
    (tmp_path / "compose.yml").write_text(text)
    checked = run(program("check-jsonschema"), "--builtin-schema", "vendor.compose-spec", str(tmp_path / "compose.yml"))
    assert checked.returncode != 0


def test_the_dockerfile_has_no_known_fault() -> None:
    checked = run(program("hadolint"), "deploy/Dockerfile")
    assert (checked.returncode, checked.stdout) == (0, "")


def test_caddy_accepts_its_file() -> None:
    caddy = shutil.which("caddy")
    assert caddy is not None, "install caddy: make system"
    checked = run(
        caddy, "validate", "--adapter", "caddyfile", "--config", "deploy/Caddyfile", SES_SITE="http://localhost"
    )
    assert checked.returncode == 0, checked.stderr


def test_there_is_a_web_and_a_worker_for_each_service_and_one_relay() -> None:
    wanted = {f"{service}-{kind}" for service in SERVICES for kind in ("web", "worker")}
    assert wanted | {"relay", "flower", "caddy", "postgres", "redis", "migrate", "mailpit"} == set(CONTAINERS)


@pytest.mark.parametrize("name", sorted(CONTAINERS))
def test_every_container_has_limits_and_does_not_run_as_root_with_all_rights(name: str) -> None:
    container = CONTAINERS[name]
    assert container["deploy"]["resources"]["limits"].keys() >= {"cpus", "memory"}
    if container.get("image") == "ses:latest":
        assert container["read_only"] is True
        assert container["cap_drop"] == ["ALL"]
    if name not in ("migrate", "mailpit"):
        assert "healthcheck" in container


@pytest.mark.parametrize("service", SERVICES)
def test_a_worker_has_its_own_secrets_and_the_event_keys_it_checks_and_no_others(service: str) -> None:
    speakers = {event.speaker() for event in EVENTS.values() if service in event.heard_by}
    hearers = {hearer for event in EVENTS.values() if event.speaker() == service for hearer in event.heard_by}
    keys = {f"ses_event_keys__{name}" for name in speakers | hearers | {service}}
    own = {f"ses_database_passwords__{service}", f"ses_redis_passwords__{service}"}
    assert set(CONTAINERS[f"{service}-worker"]["secrets"]) - {"ses_link_key"} == own | keys
    assert f"ses_database_passwords__{service}" in CONTAINERS[f"{service}-web"]["secrets"]
    assert not [name for name in CONTAINERS[f"{service}-web"]["secrets"] if "redis" in name or "event_keys" in name]


def test_the_made_secret_files_are_those_that_compose_mounts_and_the_settings_read_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = new()
    made = {*write_files(tmp_path / "secrets", kept), "broker_users"}
    assert made == {Path(secret["file"]).name for secret in COMPOSE["secrets"].values()}
    for name in [name for name in os.environ if name.startswith("SES_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("SES_SECRETS_DIR", str(tmp_path / "secrets"))
    monkeypatch.setenv("SES_REDIS_URL", "redis://redis:6379/0")
    read = Settings()
    assert read.database_passwords["rates"].get_secret_value() == kept["database_passwords"]["rates"]
    assert read.event_keys_of("notify") == [kept["event_keys"]["notify"].encode()]
    assert kept["owner_password"] in read.database_url
    assert len(acl.users(read)) == len(SERVICES) + 2
