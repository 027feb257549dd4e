//! The files that people deploy: routes pass their own tool, and everybody is where the others look for them.

use std::path::{Path, PathBuf};
use std::process::Command;

use rapport_model::alert::Kind;
use rapport_tests::harness::built;

/// The repository's root.
pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The text of a file of the repository.
pub fn read(path: &str) -> String {
    let path = repository().join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("read {}: {error}", path.display()))
}

/// Runs a tool in the repository's root; its output, or a panic with it.
pub fn run(program: &str, arguments: &[&str]) -> String {
    let output =
        Command::new(program).args(arguments).current_dir(repository()).output().unwrap_or_else(|error| {
            panic!("start {program}: {error}; `scripts/install-test-tools` installs it")
        });
    let text =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{program} {arguments:?} failed:\n{text}");
    text
}

/// The only receivers that an alert with these labels goes to.
fn goes_to(receiver: &str, labels: &[&str]) {
    let config = format!("--config.file={ALERTMANAGER}");
    let verify = format!("--verify.receivers={receiver}");
    let arguments = ["config", "routes", "test", config.as_str(), verify.as_str()];
    run("amtool", &[&arguments, labels].concat());
}

const ALERTMANAGER: &str = "deploy/alertmanager/alertmanager.yml";

#[test]
fn alerts_are_routed_to_the_people_they_are_for() {
    run("amtool", &["check-config", ALERTMANAGER]);
    for kind in Kind::ALL {
        let receiver = match kind.tier() {
            "page" => "supervisors",
            "digest" => "supervisors-digest",
            "safeguarding" => "safeguarding-lead",
            _ => "operators",
        };
        let tier = format!("tier={}", kind.tier());
        goes_to(receiver, &[&tier, "site=leeds"]);
    }
    goes_to("operators", &["alertname=RapportReleaseStale", "severity=warning", "audience=operator"]);
    goes_to("operators", &["alertname=Unknown", "tier=unheard-of", "site=nowhere"]);
}

#[test]
fn safeguarding_goes_to_its_lead_alone_whatever_else_it_says_and_nothing_holds_it_back() {
    for label in ["severity=critical", "severity=info", "audience=supervisor", "audience=operator"] {
        goes_to("safeguarding-lead", &["alertname=Safeguarding", "tier=safeguarding", "site=leeds", label]);
    }
    let text = read(ALERTMANAGER);
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.starts_with('#')).collect();
    let of_lead = lines.iter().filter(|line| line.ends_with("safeguarding-lead")).count();
    assert_eq!(of_lead, 3, "one route, the receiver's name, and one address: nobody else shares any");
    assert!(!lines.iter().any(|line| line.starts_with("continue:")), "no route hands on what it has taken");
    for line in lines.iter().filter(|line| line.starts_with("target_matchers:")) {
        assert!(line.contains("alertname=\"Rapport"), "{line} may hold back an alert about people");
    }
}

#[test]
fn the_compose_file_pins_its_images_and_listens_on_this_machine_only() {
    let compose = read("deploy/compose.yaml");
    let mut images = 0;
    for line in compose.lines().map(str::trim) {
        if let Some(image) = line.strip_prefix("image: ") {
            images += 1;
            let tag = image.rsplit_once(':').map(|(_, tag)| tag).unwrap_or_default();
            assert!(!tag.is_empty() && tag != "latest", "{image} is not pinned");
        }
        if let Some(ports) = line.strip_prefix("ports: ") {
            assert!(ports.starts_with("[\"127.0.0.1:"), "{ports} listens to everybody");
        }
        if let Some(file) = line.strip_prefix("- ./").and_then(|rest| rest.split(':').next()) {
            let path = repository().join("deploy").join(file);
            assert!(file == "secrets" || path.exists(), "the compose file mounts {file}, which is not there");
        }
    }
    assert!(images >= 5, "found only {images} images");
}

/// Words of a list in one line of YAML or of a unit of systemd.
fn words(line: &str) -> Vec<&str> {
    line.split(|c: char| c.is_whitespace() || "[],\"".contains(c)).filter(|word| !word.is_empty()).collect()
}

#[test]
fn every_command_line_that_is_deployed_is_understood() {
    let (compose, unit) = (read("deploy/compose.yaml"), read("deploy/systemd/rapport.service"));
    let lines = |text: &str, prefix: &str| -> Vec<String> {
        text.lines().filter_map(|line| line.trim().strip_prefix(prefix).map(str::to_owned)).collect()
    };
    let mut commands = lines(&compose, "entrypoint: [\"/usr/local/bin/");
    commands.extend(lines(&unit, "ExecStart=/usr/local/bin/"));
    // The image's own entry point takes the commands that name none.
    let of_image = lines(&compose, "command: [\"topics\"");
    commands.extend(of_image.iter().map(|rest| format!("rapport topics {rest}")));
    let dockerfile = read("deploy/Dockerfile");
    for command in &commands {
        let [program, arguments @ ..] = &words(command)[..] else { panic!("{command} is empty") };
        assert!(dockerfile.contains(&format!("target/dist/{program} ")), "{program} is not in the image");
        // Help is given where everything before was understood.
        let output = Command::new(built(program)).args(arguments).arg("--help").output().unwrap();
        assert!(output.status.success(), "{command}: {}", String::from_utf8_lossy(&output.stderr));
    }
    assert_eq!(commands.len(), 6, "{commands:?}");
}

#[test]
fn everybody_in_the_compose_file_is_where_the_others_look_for_them() {
    let settings: toml::Table = read("deploy/rapport.toml").parse().unwrap();
    let (compose, prometheus) = (read("deploy/compose.yaml"), read("deploy/prometheus/prometheus.yml"));
    let port = |listen: &toml::Value| listen.as_str().unwrap().rsplit_once(':').unwrap().1.to_owned();
    for service in ["ingest", "indicators", "exporter", "alerts"] {
        let target = format!("targets: [\"{service}:{}\"]", port(&settings[service]["listen"]));
        assert!(prometheus.contains(&target), "prometheus.yml has no {target}");
        assert!(prometheus.contains(&format!("job_name: rapport-{service}\n")), "{service}");
        assert!(compose.contains(&format!("\n  {service}:\n")), "{service}");
    }
    let events = port(&settings["ingest"]["http"]["listen"]);
    assert!(compose.contains(&format!("127.0.0.1:{events}:{events}")), "events are posted nowhere");
    let brokers = settings["log"]["kafka"]["brokers"].as_str().unwrap();
    assert!(compose.contains(&format!("KAFKA_ADVERTISED_LISTENERS: PLAINTEXT://{brokers}\n")), "{brokers}");
    let alertmanagers = settings["alerts"]["alertmanagers"].as_array().unwrap();
    assert_eq!(alertmanagers.len(), 1);
    let address = alertmanagers[0].as_str().unwrap().strip_prefix("http://").unwrap();
    assert!(prometheus.contains(&format!("targets: [\"{address}\"]")), "{address}");
    let published = format!("ports: [\"127.0.0.1:9093:{}\"]", address.rsplit_once(':').unwrap().1);
    assert!(compose.contains(&published), "{published}");
}

#[test]
fn secrets_are_neither_committed_nor_built_into_an_image() {
    for file in [".gitignore", ".dockerignore"] {
        assert!(read(file).lines().any(|line| line == "/deploy/secrets"), "{file}");
    }
}
