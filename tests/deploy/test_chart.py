"""The Helm chart, rendered by Helm's own engine and validated against the schemas of Kubernetes; no cluster is asked."""

import json
import re
import shutil
from pathlib import Path
from typing import Any

import helm_python as helm
import kubernetes_validate
import pytest
import yaml

from shared.delivery import relay
from shared.delivery.worker import secrets_of
from shared.settings import SERVICES, Settings, own_secrets

ROOT = Path(__file__).parent.parent.parent
CHART = ROOT / "deploy" / "helm"
KUBERNETES = "1.34"
GIVEN: dict[str, Any] = {
    "settings": {
        "public_url": "https://ses.district.example",
        "smtp_url": "smtps://mail.district.example",
        "mail_from": "SES <ses@district.example>",
        "mail_domain": "district.example",
        "support_email": "help@district.example",
        "support_phone": "555-0100",
    },
    "database": {"url": "postgresql://db.district.example/ses?sslmode=verify-full"},
    "redis": {"url": "rediss://broker.district.example"},
    "ingress": {"host": "ses.district.example"},
}


def rendered(**more: Any) -> list[dict[str, Any]]:
    """All manifests of the chart with the required values and `more`."""
    with helm.Chart.load(str(CHART)) as chart:
        chart.validate_schema(GIVEN | more)
        files = chart.render(GIVEN | more, name="ses", namespace="ses")
    return [found for text in files.values() for found in yaml.safe_load_all(text) if found]


@pytest.fixture(scope="module")
def manifests() -> list[dict[str, Any]]:
    return rendered(keda={"enabled": True}, flower={"enabled": True})


def pods(manifests: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Name -> pod template, of all that runs."""
    found = {}
    for manifest in manifests:
        spec = manifest.get("spec", {})
        spec = spec["jobTemplate"]["spec"] if manifest["kind"] == "CronJob" else spec
        if "template" in spec:
            found[manifest["metadata"]["name"]] = spec["template"]
    return found


def test_helm_has_no_fault_to_name() -> None:
    answer = helm.lint(str(CHART), GIVEN)
    assert answer["errors"] == []
    assert [message for message in answer["messages"] if message["error"] != "icon is recommended"] == []


def test_every_manifest_follows_the_schema_of_kubernetes(manifests: list[dict[str, Any]]) -> None:
    assert len(manifests) > 30
    for manifest in manifests:
        if manifest["apiVersion"] != "keda.sh/v1alpha1":
            kubernetes_validate.validate(manifest, KUBERNETES, strict=True)


def test_a_misspelt_field_is_found(manifests: list[dict[str, Any]]) -> None:
    broken = json.loads(json.dumps(next(manifest for manifest in manifests if manifest["kind"] == "Deployment")))
    container = broken["spec"]["template"]["spec"]["containers"][0]
    container["readynessProbe"] = container.pop("livenessProbe")
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(broken, KUBERNETES, strict=True)


@pytest.mark.parametrize("name", ["public_url", "smtp_url", "mail_from", "support_email"])
def test_a_value_that_must_be_given_is_named_where_it_is_missing(name: str) -> None:
    settings = {key: value for key, value in GIVEN["settings"].items() if key != name}
    with pytest.raises(helm.HelmError, match=name):
        rendered(settings=settings | {name: ""})


def test_an_address_with_a_password_is_refused_since_passwords_are_in_the_secret() -> None:
    with pytest.raises(helm.HelmError, match="url"):
        rendered(database={"url": "postgresql://ses:secret@db.district.example/ses"})


def test_every_program_of_the_compose_file_is_in_the_chart(manifests: list[dict[str, Any]]) -> None:
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    given = {"postgres", "redis", "mailpit", "prometheus", "alertmanager"}  # the cluster's own, or named by address
    ours = {f"ses-{'entrance' if name == 'caddy' else name}" for name in set(compose) - given}
    assert set(pods(manifests)) == ours
    commands = {name: pod["spec"]["containers"][0]["command"] for name, pod in pods(manifests).items()}
    for name, container in compose.items():
        if name == "backup":  # a job of the cluster has its schedule, a container repeats by itself
            assert commands["ses-backup"] == ["ses", "backup", "/backups/", "--keep", "14"]
            assert container["command"][:2] == ["ses", "backup"]
        elif container.get("image") == "ses:latest":
            assert commands[f"ses-{name}"] == container["command"]


def test_each_program_is_given_its_own_secrets_alone(manifests: list[dict[str, Any]]) -> None:
    mounted = {
        name: {
            item["key"].removeprefix("ses_")
            for volume in pod["spec"]["volumes"]
            for item in volume.get("secret", {}).get("items", [])
        }
        for name, pod in pods(manifests).items()
    }
    for service in SERVICES:
        assert mounted[f"ses-{service}-web"] - {"oidc_client_secret"} == set(own_secrets(service))
        assert mounted[f"ses-{service}-worker"] == set(secrets_of(service))
    assert mounted["ses-relay"] == set(relay.SECRETS)
    assert mounted["ses-entrance"] == set()
    assert mounted["ses-backup"] == {"database_url"}


def test_nothing_runs_as_root_writes_its_image_or_is_without_limits(manifests: list[dict[str, Any]]) -> None:
    for name, pod in pods(manifests).items():
        spec = pod["spec"]
        assert spec["securityContext"]["runAsNonRoot"] is True, name
        assert spec["automountServiceAccountToken"] is False, name
        for container in spec["containers"]:
            security = container["securityContext"]
            assert security["readOnlyRootFilesystem"] is True, name
            assert security["allowPrivilegeEscalation"] is False, name
            assert security["capabilities"] == {"drop": ["ALL"]}, name
            assert {*container["resources"]["limits"], *container["resources"]["requests"]} == {"cpu", "memory"}, name


def test_every_lasting_program_is_watched_and_more_than_one_of_it_is_never_stopped_at_once(
    manifests: list[dict[str, Any]],
) -> None:
    budgets = {found["metadata"]["name"] for found in manifests if found["kind"] == "PodDisruptionBudget"}
    for manifest in (found for found in manifests if found["kind"] == "Deployment"):
        name = manifest["metadata"]["name"]
        assert "livenessProbe" in manifest["spec"]["template"]["spec"]["containers"][0], name
        if manifest["spec"].get("replicas", 1) > 1:
            assert name in budgets, name


def test_settings_reach_the_programs_by_their_names(manifests: list[dict[str, Any]]) -> None:
    known = {f"SES_{name.upper()}" for name in Settings.model_fields} | {
        "SES_BACKUP_READERS",
        "TMPDIR",
    }  # of `ses backup`
    for name, pod in pods(manifests).items():
        if name != "ses-entrance":
            assert {entry["name"] for entry in pod["spec"]["containers"][0]["env"]} <= known, name


def test_the_drop_folders_are_given_to_the_programs_of_ingest_alone(manifests: list[dict[str, Any]]) -> None:
    given = {
        name: pod["spec"]["containers"][0].get("envFrom")
        for name, pod in pods(rendered(dropFolders={"secretName": "folders"})).items()
    }
    secret = [{"secretRef": {"name": "folders"}}]
    assert {name for name, source in given.items() if source} == {"ses-ingest-web", "ses-ingest-worker"}
    assert given["ses-ingest-web"] == given["ses-ingest-worker"] == secret
    assert not any("envFrom" in pod["spec"]["containers"][0] for pod in pods(manifests).values())


def test_the_entrance_is_the_caddy_of_compose(manifests: list[dict[str, Any]]) -> None:
    (kept,) = [found for found in manifests if found["kind"] == "ConfigMap"]
    assert kept["data"]["Caddyfile"].rstrip() == (ROOT / "deploy" / "Caddyfile").read_text().rstrip()
    named = set(re.findall(r"\{\$(SES_\w+)", kept["data"]["Caddyfile"]))
    env = pods(manifests)["ses-entrance"]["spec"]["containers"][0]["env"]
    assert named == {entry["name"] for entry in env}


def test_workers_are_added_by_what_waits_in_postgresql(manifests: list[dict[str, Any]]) -> None:
    scaled = [found["spec"] for found in manifests if found["kind"] == "ScaledObject"]
    assert len(scaled) == len(SERVICES)
    for spec in scaled:
        (trigger,) = spec["triggers"]
        assert trigger["type"] == "postgresql"
        assert trigger["metadata"]["query"].startswith("select count(*) from ")
        assert 1 <= spec["minReplicaCount"] <= spec["maxReplicaCount"]
    without = [found for found in rendered() if found["kind"] in ("ScaledObject", "Deployment")]
    assert all(found["kind"] == "Deployment" and found["spec"]["replicas"] >= 1 for found in without)


def test_a_packaged_chart_has_the_caddyfile_in_it(tmp_path: Path) -> None:
    copied = tmp_path / "ses"
    shutil.copytree(CHART, copied)
    assert (copied / "files" / "Caddyfile").read_text() == (ROOT / "deploy" / "Caddyfile").read_text()
