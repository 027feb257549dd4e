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
    goes_in(ALERTMANAGER, receiver, labels);
}

/// The same, of another file.
fn goes_in(file: &str, receiver: &str, labels: &[&str]) {
    let config = format!("--config.file={file}");
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
fn the_routes_of_one_site_that_are_shown_work_where_they_are_taken_in() {
    let shown = |line: &str| ["# routes:", "#   ", "# - name:"].iter().any(|start| line.starts_with(start));
    let take_in = |line: &str| {
        if shown(line.trim_start()) { line.replacen("# ", "", 1) } else { line.to_owned() }
    };
    let text: Vec<String> = read(ALERTMANAGER).lines().map(take_in).collect();
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), text.join("\n")).unwrap();
    let file = file.path().to_str().unwrap();
    run("amtool", &["check-config", file]);
    goes_in(file, "supervisors-leeds", &["tier=page", "site=leeds"]);
    goes_in(file, "supervisors", &["tier=page", "site=york"]);
    goes_in(file, "safeguarding-lead", &["tier=safeguarding", "site=leeds"]);
}

/// The hours of every `key: 12h`, or `7d`, of a text.
fn hours(text: &str, key: &str) -> Vec<u32> {
    let values = text.lines().filter_map(|line| line.trim().strip_prefix(key));
    let number = |value: &str| {
        let (number, unit) = value.split_at(value.len() - 1);
        number.parse::<u32>().unwrap()
            * match unit {
                "d" => 24,
                "h" => 1,
                _ => 0,
            }
    };
    values.map(number).collect()
}

#[test]
fn a_digest_comes_once_a_day_and_what_was_told_is_remembered_until_it_is_told_again() {
    let (routes, compose) = (read(ALERTMANAGER), read("deploy/compose.yaml"));
    assert_eq!(hours(&routes, "group_interval: ").into_iter().max(), Some(24));
    let retention = hours(&compose, "- --data.retention=");
    let repeated = hours(&routes, "repeat_interval: ").into_iter().max().unwrap();
    assert!(retention.len() == 1 && retention[0] > repeated, "{retention:?} hours, {repeated}");
    for line in ["- --storage.path=/alertmanager", "- alertmanager:/alertmanager"] {
        assert!(
            compose.lines().any(|other| other.trim() == line),
            "{line}: its memory goes with the container"
        );
    }
    let declared = compose.split_once("\nvolumes:\n").unwrap().1;
    for volume in ["kafka", "prometheus", "alertmanager", "grafana"] {
        assert!(declared.contains(&format!("  {volume}:\n")), "{volume}");
    }
}

#[test]
fn who_follows_the_instructions_of_the_unit_line_by_line_has_what_it_starts() {
    let unit = read("deploy/systemd/rapport.service");
    let root = tempfile::tempdir().unwrap();
    let at = root.path().to_str().unwrap();
    for directory in ["cargo/bin", "usr/local/bin", "etc/systemd/system"] {
        std::fs::create_dir_all(root.path().join(directory)).unwrap();
    }
    // What `make install` and systemd do is not tried: the first leaves the command where cargo does.
    std::os::unix::fs::symlink(built("rapport"), root.path().join("cargo/bin/rapport")).unwrap();
    let lines = unit.lines().filter_map(|line| line.strip_prefix("#   "));
    let ours = lines.filter(|line| *line != "make install" && !line.starts_with("sudo systemctl "));
    let below = |line: &str| {
        let line = line.replace("sudo ", "").replace(" /usr/", &format!(" {at}/usr/"));
        let line = line.strip_prefix("/usr/").map_or(line.clone(), |rest| format!("{at}/usr/{rest}"));
        line.replace(" /etc/", &format!(" {at}/etc/"))
    };
    let script: Vec<String> = ours.map(below).collect();
    assert_eq!(script.len(), 4, "{script:?}");
    let script = format!("set -eu -o pipefail\nexport CARGO_HOME={at}/cargo\n{}", script.join("\n"));
    run("bash", &["-c", &script]);
    let command = unit.lines().find_map(|line| line.strip_prefix("ExecStart=")).unwrap();
    let [program, "up", "--config", file] = words(command)[..] else { panic!("{command}") };
    run(&format!("{at}{program}"), &["check-config", "--quiet", "--config", &format!("{at}{file}")]);
    assert_eq!(
        read("deploy/systemd/rapport.service"),
        std::fs::read_to_string(root.path().join("etc/systemd/system/rapport.service")).unwrap()
    );
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
