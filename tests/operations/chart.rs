//! The chart in `deploy/helm`, by what it renders: `deploy/helm/check` has rendered it and checked it by Kubernetes' schemas;
//! here what was rendered is of these sources, keeps what the design says of pods, and is taken by the program.

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use clap::CommandFactory as _;
use lancang::cli::Cli;
use lancang::config::{Config, Consumer};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::installed::{root, run};
use crate::{read, values};

const RENDERED: [&str; 3] = ["bucket", "folder", "full"];
const SIGNING_KEY: &str = "lancang-signing-key-v1 202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f";

fn rendered(name: &str) -> Vec<Value> {
    let list: Value = serde_json::from_str(&read(&format!("deploy/helm/rendered/{name}.json"))).unwrap();
    list["items"].as_array().unwrap().clone()
}

fn of_kind<'v>(objects: &'v [Value], kind: &'v str) -> impl Iterator<Item = &'v Value> {
    objects.iter().filter(move |object| object["kind"] == kind)
}

/// Templates of pods, by the names of what makes them.
fn pods(objects: &[Value]) -> Vec<(&str, &Value)> {
    let makers = objects.iter().filter(|object| object["spec"]["template"]["spec"].is_object());
    makers.map(|maker| (text(&maker["metadata"]["name"]), &maker["spec"]["template"]["spec"])).collect()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

fn sha256(paths: &[String]) -> String {
    let mut hash = Sha256::new();
    paths.iter().for_each(|path| hash.update(std::fs::read(root().join(path)).unwrap()));
    lancang::store::hex(&hash.finalize())
}

fn files(folder: &str) -> Vec<String> {
    let entries = std::fs::read_dir(root().join(folder)).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| format!("{folder}/{}", entry.unwrap().file_name().to_string_lossy())).collect();
    names.sort();
    names
}

#[test]
fn what_is_rendered_is_of_these_sources() {
    let of_chart = |name: &str| format!("deploy/helm/lancang/{name}");
    let mut sources = ["Chart.yaml", "values.yaml", "values.schema.json"].map(of_chart).to_vec();
    sources.extend(["templates", "files"].iter().flat_map(|folder| files(&of_chart(folder))));
    sources.extend(files("deploy/helm/values"));
    let rendered = RENDERED.map(|name| format!("deploy/helm/rendered/{name}.json"));
    assert_eq!(
        read("deploy/helm/rendered/hashes"),
        format!("{} sources\n{} rendered\n", sha256(&sources), sha256(&rendered)),
        "run deploy/helm/check and commit what it renders"
    );
    // Rules and dashboards are those of the other folders, by link.
    for path in files("deploy/helm/lancang/files") {
        assert!(root().join(&path).symlink_metadata().unwrap().is_symlink(), "{path} is a copy");
    }
    let full = self::rendered("full");
    let rules: Vec<&Value> = of_kind(&full, "PrometheusRule").flat_map(|rule| list(&rule["spec"]["groups"])).collect();
    let alerts: Vec<&str> =
        rules.iter().flat_map(|group| list(&group["rules"])).filter_map(|rule| rule["alert"].as_str()).collect();
    assert_eq!(alerts, values(&read("deploy/prometheus/alerts.yml"), "alert"));
    let chart = read("deploy/helm/lancang/Chart.yaml");
    assert!(chart.contains(&format!("appVersion: \"{}\"", env!("CARGO_PKG_VERSION"))), "{chart}");
}

/// No root, nothing writable but what is mounted for it, no right that is not needed, no secret in the open.
#[test]
fn pods_may_do_what_they_need_alone() {
    for name in RENDERED {
        let objects = rendered(name);
        assert!(of_kind(&objects, "Secret").next().is_none(), "{name}");
        let pods = pods(&objects);
        assert!(!pods.is_empty());
        for (pod, spec) in pods {
            let what = format!("{name}: {pod}");
            let security = &spec["securityContext"];
            assert!(security["runAsNonRoot"] == true && security["runAsUser"] == 65532, "{what}");
            assert_eq!(security["seccompProfile"]["type"], "RuntimeDefault", "{what}");
            assert_eq!(spec["automountServiceAccountToken"], false, "{what}");
            assert!(spec["terminationGracePeriodSeconds"].as_u64().unwrap() >= 30, "{what}");
            assert_eq!(list(&spec["topologySpreadConstraints"]).len(), 2, "{what}");
            assert!(!["hostNetwork", "hostPID", "hostIPC"].iter().any(|key| spec[key] == true), "{what}");
            for volume in list(&spec["volumes"]) {
                assert!(volume.get("hostPath").is_none(), "{what}");
                let secret = volume.get("secret");
                assert!(secret.is_none_or(|secret| secret["defaultMode"] == 0o400), "{what}: {volume}");
            }
            let mounted: BTreeSet<&str> = list(&spec["volumes"]).iter().map(|volume| text(&volume["name"])).collect();
            for container in list(&spec["containers"]) {
                bounded(&what, container);
                for mount in list(&container["volumeMounts"]) {
                    let volume = text(&mount["name"]);
                    assert!(mounted.contains(volume) || volume == "state", "{what}: {volume}");
                    assert!(mount["readOnly"] == true || volume == "state", "{what}: {volume} can be written");
                }
            }
        }
    }
}

fn bounded(what: &str, container: &Value) {
    let security = &container["securityContext"];
    assert_eq!(security["readOnlyRootFilesystem"], true, "{what}");
    assert_eq!(security["allowPrivilegeEscalation"], false, "{what}");
    assert_eq!(security["capabilities"]["drop"][0], "ALL", "{what}");
    assert!(container["resources"]["limits"]["memory"].is_string(), "{what}");
    assert!(!text(&container["image"]).ends_with(":latest"), "{what}");
    let ports: Vec<&Value> = list(&container["ports"]).iter().map(|port| &port["containerPort"]).collect();
    for (probe, page) in [("startupProbe", "/healthz"), ("livenessProbe", "/healthz"), ("readinessProbe", "/readyz")] {
        let asks = &container[probe]["httpGet"];
        assert_eq!(asks["path"], page, "{what}");
        assert!(ports.contains(&&asks["port"]), "{what}: {probe}");
    }
    for variable in list(&container["env"]) {
        let name = text(&variable["name"]).to_lowercase();
        let is_secret = ["key", "secret", "token", "password"].iter().any(|word| name.contains(word));
        assert!(!(is_secret && variable.get("value").is_some()), "{what}: {name} holds a secret in the open");
    }
}

/// Who asked for tokens, fetched evidence or acted in the console is known for longer than the pod in which it was done lives, and
/// than the release.
#[test]
fn audit_logs_outlive_their_pods() {
    for name in RENDERED {
        let objects = rendered(name);
        for (pod, spec) in pods(&objects) {
            let runs = |command| list(&spec["containers"]).iter().any(|container| container["args"][0] == command);
            if !runs("relay") && !runs("console") {
                continue;
            }
            let state = list(&spec["volumes"]).iter().find(|volume| volume["name"] == "state").unwrap();
            let claim = &state["persistentVolumeClaim"]["claimName"];
            let claims = of_kind(&objects, "PersistentVolumeClaim");
            let claim = claims.into_iter().find(|found| &found["metadata"]["name"] == claim);
            let claim = claim.unwrap_or_else(|| panic!("{name}: {pod} keeps its audit log in {state}"));
            assert_eq!(claim["metadata"]["annotations"]["helm.sh/resource-policy"], "keep", "{name}: {pod}");
        }
    }
    // Without a bucket all share the volume of one pod.
    let folder = rendered("folder");
    assert_eq!(
        of_kind(&folder, "StatefulSet").next().unwrap()["spec"]["volumeClaimTemplates"][0]["metadata"]["name"],
        "state"
    );
}

/// Nothing reaches a pod, and a pod reaches nothing, but what a policy names: brokers, the store, names, whoever scrapes.
#[test]
fn the_network_is_closed_but_for_what_is_named() {
    for name in RENDERED {
        let objects = rendered(name);
        let policies: Vec<&Value> = of_kind(&objects, "NetworkPolicy").collect();
        let common = policies.iter().find(|policy| policy["metadata"]["name"] == "lancang").unwrap();
        assert_eq!(common["spec"]["policyTypes"], serde_json::json!(["Ingress", "Egress"]), "{name}");
        assert!(common["spec"]["podSelector"]["matchLabels"].get("app.kubernetes.io/component").is_none());
        for (pod, _) in pods(&objects) {
            let own = policies.iter().find(|policy| policy["metadata"]["name"] == pod);
            let own = own.unwrap_or_else(|| panic!("{name}: {pod} has no policy"));
            for rule in list(&own["spec"]["egress"]) {
                assert!(!list(&rule["to"]).is_empty() && !list(&rule["ports"]).is_empty(), "{name}: {pod} reaches all");
            }
        }
    }
}

/// A console that asks a provider reaches it, and one that asks none has no way there.
#[test]
fn the_console_reaches_its_provider() {
    let full = rendered("full");
    let console =
        of_kind(&full, "NetworkPolicy").find(|policy| policy["metadata"]["name"] == "lancang-console").unwrap();
    let to: Vec<String> = list(&console["spec"]["egress"]).iter().map(|rule| rule["to"].to_string()).collect();
    let provider = &serde_json::json!([{ "ipBlock": { "cidr": "198.51.100.16/32" } }]).to_string();
    assert!(to.contains(provider) && to.len() == 2, "{to:?}");
    let others = of_kind(&full, "NetworkPolicy").filter(|policy| policy["metadata"]["name"] != "lancang-console");
    assert!(others.into_iter().all(|policy| !policy["spec"]["egress"].to_string().contains("198.51.100.16")));
}

/// The correlator joins for the exchange and reaches that alone; a carrier's desk shows subscribers and reaches the home cluster alone.
#[test]
fn correlator_and_desk_reach_what_is_theirs() {
    let full = rendered("full");
    let check = |role: &str, command: &[&str], cidr: &str| {
        let name = format!("lancang-{role}");
        let (_, spec) = pods(&full).into_iter().find(|(pod, _)| *pod == name).unwrap();
        let args: Vec<&str> = list(&spec["containers"][0]["args"]).iter().map(text).collect();
        assert_eq!(args[..command.len()], *command, "{args:?}");
        let policy =
            of_kind(&full, "NetworkPolicy").find(|policy| policy["metadata"]["name"] == name.as_str()).unwrap();
        let to: Vec<String> = list(&policy["spec"]["egress"]).iter().map(|rule| rule["to"].to_string()).collect();
        assert_eq!(to, [serde_json::json!([{ "ipBlock": { "cidr": cidr } }]).to_string()], "{role}");
        let port = text(&spec["containers"][0]["ports"][0]["name"]);
        let watched = of_kind(&full, "PodMonitor").flat_map(|watched| list(&watched["spec"]["podMetricsEndpoints"]));
        assert!(port.len() <= 15 && watched.into_iter().any(|watched| watched["port"] == port), "{role}: {port}");
        of_kind(&full, "Service").any(|service| service["metadata"]["name"] == name.as_str())
    };
    let correlate = ["campaigns", "correlate", "--as", "//KH/exchange/correlator-1"];
    assert!(!check("correlator", &correlate, "192.0.2.0/28"), "nobody looks at it");
    assert!(check("desk", &["console"], "10.1.0.0/24"), "people look at it");
}

/// Deployments where a bucket serves; what there is several of survives a drained node, and has no more pods than partitions.
#[test]
fn several_share_the_work_as_far_as_partitions_go() {
    let (bucket, folder, full) = (rendered("bucket"), rendered("folder"), rendered("full"));
    assert!(of_kind(&bucket, "StatefulSet").next().is_none() && of_kind(&full, "StatefulSet").next().is_none());
    assert_eq!(of_kind(&folder, "StatefulSet").count(), 1);
    for objects in [&bucket, &full] {
        let kept: Vec<&str> =
            of_kind(objects, "PodDisruptionBudget").map(|budget| text(&budget["metadata"]["name"])).collect();
        assert_eq!(kept, ["lancang-intake", "lancang-score"]);
        for deployment in of_kind(objects, "Deployment") {
            let is_shared = kept.contains(&text(&deployment["metadata"]["name"]));
            let strategy = if is_shared { "RollingUpdate" } else { "Recreate" };
            assert_eq!(deployment["spec"]["strategy"]["type"], strategy);
        }
    }
    let most: Vec<(&str, u64)> = of_kind(&full, "ScaledObject")
        .map(|scaled| (text(&scaled["metadata"]["name"]), scaled["spec"]["maxReplicaCount"].as_u64().unwrap()))
        .collect();
    // 12 partitions of feeds by a worker each; 16 of the records log by two.
    assert_eq!(most, [("lancang-intake", 12), ("lancang-score", 8)]);
    for scaled in of_kind(&full, "ScaledObject") {
        let query = text(&scaled["spec"]["triggers"][0]["metadata"]["query"]);
        let names = crate::metrics(query);
        assert!(names.iter().all(|name| lancang::metrics::names().any(|known| known == name)), "{query}");
        // Of this release's pods alone: others' topics have the same names.
        let role = text(&scaled["metadata"]["name"]);
        assert!(query.contains(&format!("namespace=\"lancang\",pod=~\"{role}-[a-z0-9]+-[a-z0-9]+\"")), "{query}");
        let target = &scaled["spec"]["scaleTargetRef"]["name"];
        let scaled = of_kind(&full, "Deployment").find(|deployment| &deployment["metadata"]["name"] == target).unwrap();
        assert!(scaled["spec"].get("replicas").is_none(), "the number is the autoscaler's");
    }
}

/// What is mounted is a configuration without a mistake, and the arguments are the program's.
#[test]
fn the_program_takes_what_is_rendered() {
    for name in RENDERED {
        let objects = rendered(name);
        let folder = tempfile::tempdir().unwrap();
        let files = of_kind(&objects, "ConfigMap").find(|map| map["metadata"]["name"] == "lancang").unwrap();
        image(folder.path());
        for (file, text) in files["data"].as_object().unwrap() {
            let text = text.as_str().unwrap().replace("/etc/lancang", &folder.path().display().to_string());
            make_secrets(folder.path(), &text);
            let path = folder.path().join("config").join(file);
            std::fs::write(&path, &text).unwrap();
            if file == "correlator.toml" {
                // It has what every reader of the exchange needs, and nothing of a carrier.
                Consumer::read(file, &text).unwrap();
                continue;
            }
            run(Command::new(env!("CARGO_BIN_EXE_lancang")).args(["check", "--config"]).arg(&path));
        }
        for (pod, spec) in pods(&objects) {
            for container in list(&spec["containers"]) {
                let args: Vec<&str> = list(&container["args"]).iter().map(text).collect();
                let named = |arg: &str| arg.replace("$(POD_NAME)", "lancang-score-5d9c7b6f4-x2v8q");
                let words = std::iter::once("lancang".to_owned()).chain(args.iter().map(|arg| named(arg)));
                if let Err(error) = Cli::command().try_get_matches_from(words) {
                    panic!("{name}: {pod}: {error}");
                }
                let config = args.iter().find_map(|arg| arg.strip_prefix("/etc/lancang/config/")).unwrap();
                let text = files["data"][config].as_str().unwrap_or_else(|| panic!("{name}: {pod} reads {config}"));
                waits_for_the_drain(pod, spec, text);
                for path in text.split('"').filter_map(|path| path.strip_prefix("/etc/lancang/secrets/")) {
                    // The home cluster's file is of three roles, each with the secrets that it needs of it.
                    let secret = path.split('/').next().unwrap();
                    let has = |(_, spec): &(&str, &Value)| {
                        list(&spec["volumes"]).iter().any(|volume| volume["secret"]["secretName"] == secret)
                    };
                    assert!(pods_of(&objects, config).iter().any(has), "{name}: nobody mounts {secret}");
                }
            }
        }
    }
}

/// Pods that read a file.
fn pods_of<'v>(objects: &'v [Value], file: &str) -> Vec<(&'v str, &'v Value)> {
    let reads = |spec: &Value| spec["containers"].to_string().contains(&format!("/etc/lancang/config/{file}"));
    pods(objects).into_iter().filter(|(_, spec)| reads(spec)).collect()
}

/// Readiness falls, whoever asks every 5 s has seen it, and then there is time to commit.
fn waits_for_the_drain(pod: &str, spec: &Value, text: &str) {
    let Ok(config) = Config::read("lancang.toml", text) else { return };
    let grace = spec["terminationGracePeriodSeconds"].as_u64().unwrap();
    let wait = config.drain_wait.as_secs();
    assert!((5..grace - 20).contains(&wait), "{pod}: drain_wait is {wait} s of {grace}");
}

/// What the image has in /etc/lancang, and the carrier's own files.
fn image(folder: &Path) {
    let own = folder.join("carrier");
    std::fs::create_dir_all(folder.join("config")).unwrap();
    std::fs::create_dir_all(&own).unwrap();
    for name in ["patterns", "lists", "mappings", "policy.toml"] {
        std::os::unix::fs::symlink(root().join("config").join(name), folder.join(name)).unwrap();
    }
    for name in ["lists", "trunks.csv", "cells.csv"] {
        std::os::unix::fs::symlink(root().join("config").join(name), own.join(name)).unwrap();
    }
    std::fs::write(own.join("registry.jsonl"), "").unwrap();
}

/// Files of the mode that a mounted Secret has, with what the program wants in them.
fn make_secrets(folder: &Path, text: &str) {
    let authority = folder.join("authority.pem");
    if !authority.exists() {
        lancang_cluster::Authority::create(folder).unwrap();
    }
    let secrets = folder.join("secrets").display().to_string();
    for path in text.split('"').filter(|path| path.starts_with(&secrets)) {
        let path = Path::new(path);
        let content = match path.file_name().unwrap().to_str().unwrap() {
            "signing.key" => SIGNING_KEY.to_owned(),
            name if name.starts_with("epoch") => "00".repeat(32),
            "ca.crt" => std::fs::read_to_string(&authority).unwrap(),
            _ => "-".to_owned(),
        };
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        let _ = std::fs::remove_file(path);
        std::fs::write(path, content).unwrap();
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o400)).unwrap();
    }
}
