#!/usr/bin/python3
"""Checks a built overlay of deploy/kubernetes; scripts/clusters/kubernetes calls it and says what it looks at.

  manifests.py --program PATH [--crd FILE] [--break] FILE.yaml
"""
import argparse
import copy
import pathlib
import subprocess
import sys

import jsonschema
import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]


def closed(schema):
    """A schema of Kubernetes as a strict JSON schema: it drops unknown fields silently, which here are errors."""
    if isinstance(schema, list):
        return [closed(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if schema.get("x-kubernetes-int-or-string"):
        return {"type": ["integer", "string"]}
    out = {key: closed(value) for key, value in schema.items()
           if key not in ("description", "format") and not key.startswith("x-kubernetes-validations")}
    if isinstance(schema.get("properties"), dict) and schema.get("type") == "object":
        out["properties"] = {key: closed(value) for key, value in schema["properties"].items()}
        if not schema.get("x-kubernetes-preserve-unknown-fields"):
            out.setdefault("additionalProperties", False)
    return out


def published(path):
    definition = yaml.safe_load(path.read_text())
    version = next(v for v in definition["spec"]["versions"] if v["name"] == "v2beta1")
    schema = closed(version["schema"]["openAPIV3Schema"])
    schema["properties"]["metadata"] = {"type": "object"}
    return schema


def findings(documents, schemas, program):
    """Everything that is wrong, as lines."""
    found = []
    jobs = [d for d in documents if d.get("kind") == "MPIJob"]
    claims = {d["metadata"]["name"] for d in documents if d.get("kind") == "PersistentVolumeClaim"}
    if len(jobs) != 1:
        return [f"expected one MPIJob, found {len(jobs)}"]
    job = jobs[0]
    for schema in schemas:
        for error in jsonschema.Draft202012Validator(schema).iter_errors(job):
            found.append(f"/{'/'.join(map(str, error.absolute_path))}: {error.message[:200]}")
    if found:
        return found
    spec = job["spec"]
    for role, replicas in spec["mpiReplicaSpecs"].items():
        pod = replicas["template"]["spec"]
        volumes = {v["name"] for v in pod.get("volumes", [])}
        for volume in pod.get("volumes", []):
            claim = volume.get("persistentVolumeClaim", {}).get("claimName")
            if claim and claim not in claims:
                found.append(f"{role}: no claim {claim}, only {', '.join(sorted(claims))}")
        for container in pod["containers"]:
            for mount in container.get("volumeMounts", []):
                if mount["name"] not in volumes:
                    found.append(f"{role}: no volume {mount['name']}")
            ports = {p.get("name") for p in container.get("ports", [])}
            for probe in ("readinessProbe", "livenessProbe"):
                port = container.get(probe, {}).get("tcpSocket", {}).get("port")
                if isinstance(port, str) and port not in ports:
                    found.append(f"{role}: {probe} of port {port}, which the container does not have")
            if "/" not in container["image"]:
                found.append(f"{role}: the image {container['image']} names no registry")
    worker = spec["mpiReplicaSpecs"]["Worker"]["template"]["spec"]["containers"][0]
    launcher = spec["mpiReplicaSpecs"]["Launcher"]["template"]["spec"]["containers"][0]
    threads = int(next(e["value"] for e in launcher["env"] if e["name"] == "CNN_DIST_THREADS"))
    if threads * spec["slotsPerWorker"] != int(worker["resources"]["limits"]["cpu"]):
        found.append(f"{spec['slotsPerWorker']} ranks of {threads} threads on {worker['resources']['limits']['cpu']} processors")
    arguments = launcher["args"]
    run = arguments[arguments.index("--run") + 1]
    if not any(run.startswith(m["mountPath"] + "/") for m in worker.get("volumeMounts", [])):
        found.append(f"--run {run} is on no volume of the workers, where rank 0 is")
    if found:
        return found
    words = [program] + arguments[arguments.index("cnn-dist") + 1:] + ["--dry-run"]
    words[words.index("--run") + 1] = "/tmp/cnn-dist-manifests"
    result = subprocess.run(words, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        found.append(f"{' '.join(words)} ends with {result.returncode}: {result.stderr.strip()}")
    return found


def pod(job, role):
    return job["spec"]["mpiReplicaSpecs"][role]["template"]["spec"]


def set_argument(job, old, new):
    arguments = pod(job, "Launcher")["containers"][0]["args"]
    arguments[arguments.index(old)] = new


BREAKS = {
    "a misspelt field": lambda job: job["spec"].update(slotPerWorker=job["spec"].pop("slotsPerWorker")),
    "a number as text": lambda job: job["spec"].update(slotsPerWorker="1"),
    "an unknown policy": lambda job: job["spec"].update(launcherCreationPolicy="WhenReady"),
    "root": lambda job: pod(job, "Worker")["securityContext"].update(runAsUser=0),
    "a claim that nobody makes": lambda job: pod(job, "Worker")["volumes"][0]["persistentVolumeClaim"].update(claimName="runs"),
    "a probe of no port": lambda job: pod(job, "Worker")["containers"][0]["readinessProbe"]["tcpSocket"].update(port="http"),
    "an option that there is not": lambda job: set_argument(job, "--resume", "--continue"),
    "more threads than processors": lambda job: pod(job, "Launcher")["containers"][0]["env"][0].update(value="64"),
}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", required=True)
    parser.add_argument("--crd", type=pathlib.Path)
    parser.add_argument("--break", dest="breaks", action="store_true")
    parser.add_argument("file", type=pathlib.Path)
    options = parser.parse_args()
    documents = list(yaml.safe_load_all(options.file.read_text()))
    schemas = [yaml.safe_load((ROOT / "deploy/kubernetes/mpijob.schema.yaml").read_text())]
    if options.crd:
        schemas.append(published(options.crd))
    if not options.breaks:
        found = findings(documents, schemas, options.program)
        for line in found:
            print(f"{options.file.name}: {line}", file=sys.stderr)
        if not found:
            print(f"{options.file.name}: {', '.join(d['kind'] + ' ' + d['metadata']['name'] for d in documents)}: ok"
                  + (" (by the operator's definition too)" if options.crd else ""))
        return 1 if found else 0
    unfound = 0
    for name, change in BREAKS.items():
        broken = copy.deepcopy(documents)
        change(next(d for d in broken if d["kind"] == "MPIJob"))
        found = findings(broken, schemas, options.program)
        print(f"{name}: {found[0] if found else 'NOT FOUND'}")
        unfound += not found
    return 1 if unfound else 0


if __name__ == "__main__":
    sys.exit(main())
